/** What commands say of a crawl, in the crawl's own words. */
export { type ConditionsOf, noConditions, parseConditions, type VisitConditions } from '#crawl/conditions.ts'
export { type LaneChoice, laneChoices, type LanePolicy } from '#crawl/lanes.ts'
export type { LinkPolicy } from '#crawl/links.ts'
export { planCrawl, type PlanInput } from '#crawl/plan.ts'
export { parseSpan, scheduleOf } from '#crawl/schedule.ts'

import { type ExtendedFeature, type ExtendedFeatureCollection, geoCentroid, geoNaturalEarth1, geoPath } from 'd3-geo'
import countryCodes from 'i18n-iso-countries'
import { feature } from 'topojson-client'
import atlas from 'world-atlas/countries-110m.json' with { type: 'json' }
import type { PrevalenceRow } from '#model/study-report.ts'
import { html, type Markup } from './html-template.ts'

const [width, height] = [720, 370]
/** Pixels, of the circle of the country with most sites found. */
const largest = 26

interface Country {
  /** ISO 3166-1, two letters; null for land that has no code. */
  code: string | null
  outline: string
  centre: [number, number] | null
}

let drawn: readonly Country[] | null = null

/** Outlines of Natural Earth (public domain), 1:110 million, in its own projection. */
function countries(): readonly Country[] {
  if (drawn !== null) return drawn
  const topology = atlas as unknown as Parameters<typeof feature>[0]
  const { features } = feature(topology, topology.objects['countries']!) as ExtendedFeatureCollection
  const projection = geoNaturalEarth1().fitSize([width, height], { type: 'FeatureCollection', features })
  const path = geoPath(projection).digits(1)
  drawn = features.map((each) => ({
    code: each.id === undefined ? null : (countryCodes.numericToAlpha2(String(each.id)) ?? null),
    outline: path(each) ?? '',
    centre: projection(geoCentroid(largestPart(each))),
  }))
  return drawn
}

/** Of a country with land overseas the mainland: the middle of France is not in the Atlantic. */
function largestPart(country: ExtendedFeature): ExtendedFeature {
  const { geometry } = country
  if (geometry?.type !== 'MultiPolygon') return country
  const path = geoPath()
  const parts = geometry.coordinates.map((coordinates) => ({ type: 'Polygon' as const, coordinates }))
  const largestFirst = parts.toSorted((a, b) => path.area(b) - path.area(a))
  return { ...country, geometry: largestFirst[0]! }
}

/** Sites found mining by country: circles of an area that grows with their number, on the countries that any site looked at was in. */
export function worldMap(rows: readonly PrevalenceRow[]): Markup {
  const byCode = new Map(rows.map((row) => [row.group, row]))
  const most = Math.max(0, ...rows.filter(({ group }) => countryCodes.isValid(group)).map(({ found }) => found))
  if (most === 0) return html``
  const shown = countries()
  const onMap = new Set(shown.flatMap(({ code }) => code ?? []))
  const elsewhere = rows.filter(({ group, found }) => found > 0 && !onMap.has(group))
  const circles = shown
    .flatMap(({ code, centre }) => {
      const row = code === null ? undefined : byCode.get(code)
      return row === undefined || row.found === 0 || centre === null ? [] : [{ row, centre }]
    })
    .sort((a, b) => b.row.found - a.row.found)
  return html`<svg
      class="map"
      viewBox="0 0 ${width} ${height}"
      role="img"
      aria-label="Sites found mining, by country, on a map of the world"
    >
      ${shown.map(({ code, outline }) => html`<path class="${code !== null && byCode.has(code) ? 'looked' : 'land'}" d="${outline}"></path>`)}
      ${circles.map(
        ({ row, centre: [x, y] }) =>
          html`<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${Math.max(2, largest * Math.sqrt(row.found / most)).toFixed(1)}"
              ><title>${row.group}: ${row.found} of ${row.looked} sites</title></circle
            >${row.found * 10 >= most ? html`<text x="${x.toFixed(1)}" y="${(y + 4).toFixed(1)}" text-anchor="middle">${row.group}</text>` : ''}`,
      )}
    </svg>
    <p class="quiet">
      Area of a circle: sites found. Darker land: a site there was looked
      at.${elsewhere.length === 0 ? '' : ` Not on the map: ${elsewhere.map(({ group, found, looked }) => `${group} ${found} of ${looked}`).join(', ')}.`}
    </p>`
}

export const mapStyle = `
.map { width: 100%; height: auto; margin: .5rem 0; } .map .land { fill: var(--line); opacity: .5; } .map .looked { fill: var(--line); } .map path { stroke: var(--paper, #fff); stroke-width: .4; }
.map circle { fill: var(--bad); opacity: .6; } .map text { fill: var(--ink); font: 11px system-ui, "Liberation Sans", "DejaVu Sans", sans-serif; }
`

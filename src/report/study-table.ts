import { html, type Markup } from './html-template.ts'

/** A column whose cells are all numbers stands to the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number | Markup)[])[]): Markup {
  return html`<div class="scroll" tabindex="0">
    <table>
      <thead>
        <tr>
          ${head.map((name, column) => (isNumber(rows, column) ? html`<th scope="col" class="number">${name}</th>` : html`<th scope="col">${name}</th>`))}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((value) => (typeof value === 'number' ? html`<td class="number">${value}</td>` : html`<td>${value}</td>`))}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}

const isNumber = (rows: readonly (readonly unknown[])[], column: number): boolean =>
  rows.length > 0 && rows.every((row) => typeof row[column] === 'number')

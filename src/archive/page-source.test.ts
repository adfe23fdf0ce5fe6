import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPageSource, mayBeSource } from './page-source.ts'
import { withoutPhp } from './php-source.ts'
import { renderSource } from './render-source.ts'

const front = '---\nlayout: post\ntitle: A post\n---\n'
const script = '<script src="https://miner.example/lib.js"></script>'

const cases: { name: string; path: string; text: string; runs: boolean | null }[] = [
  { name: 'a script in a post', path: '_posts/2018-01-01-a.md', text: `${front}Welcome\n\n${script}\n`, runs: true },
  { name: 'a script after a line of text', path: 'a.markdown', text: `${front}Welcome ${script}\n`, runs: true },
  { name: 'an article that shows one in a fence', path: 'a.md', text: `${front}So:\n\n\`\`\`html\n${script}\n\`\`\`\n`, runs: false },
  { name: 'an article that shows one in a line', path: 'a.md', text: `${front}Add \`${script}\` to it.`, runs: false },
  { name: 'an article that shows one indented', path: 'a.md', text: `${front}So:\n\n    ${script}\n`, runs: false },
  {
    name: 'an article that shows one by a tag of Liquid',
    path: 'a.md',
    text: `${front}{% highlight html %}\n${script}\n\nmore\n\n${script}\n{% endhighlight %}`,
    runs: false,
  },
  {
    name: 'an article that shows one by a shortcode',
    path: 'a.md',
    text: `${front}{{< highlight html >}}\n${script}\n{{< /highlight >}}`,
    runs: false,
  },
  { name: 'what Liquid leaves alone goes to the page', path: 'a.md', text: `${front}{% raw %}\n${script}\n{% endraw %}`, runs: true },
  { name: 'signs of another language in a post', path: 'a.md', text: `${front}Write \`{#\` so:\n\n${script}\n\nand \`#}\``, runs: true },
  {
    name: 'an article that shows one by the other shortcode',
    path: 'a.md',
    text: `${front}{{% highlight html "hl_lines=1 %" %}}\n${script}\n{{% /highlight %}}`,
    runs: false,
  },
  { name: 'a comment of kramdown', path: 'a.md', text: `${front}{::comment}\n${script}\n{:/comment}`, runs: false },
  { name: 'a comment of Liquid in a post', path: 'a.md', text: `${front}{% comment %}\n${script}\n{% endcomment %}`, runs: false },
  { name: 'a read-me without front matter', path: 'README.md', text: `# A miner\n${script}`, runs: null },
  { name: 'a template of Handlebars', path: 'default.hbs', text: `<body>{{{body}}}${script}</body>`, runs: true },
  { name: 'a comment in it', path: 'default.hbs', text: `<body>{{!-- ${script} --}}</body>`, runs: false },
  { name: 'a footer of PHP', path: 'themes/a/footer.php', text: `<?php wp_footer(); ?>${script}</body>`, runs: true },
  { name: 'a list of what a scanner looks for', path: 'scan.php', text: `<?php\n$bad = ['${script}'];\nrun($bad);`, runs: null },
  { name: 'the same, closed', path: 'a.php', text: `<?php $bad = ['${script}']; ?><p>Clean</p>`, runs: false },
  { name: 'the same behind an end in a string', path: 'views/a.php', text: `<?php $t = "?>"; $bad = '${script}'; ?><p>x</p>`, runs: false },
  { name: 'the same in a heredoc', path: 'a.php', text: `<?php $t = <<<'X'\n?>${script}\nX;\n?><p>x</p>`, runs: false },
  { name: 'behind a comment that the code ends in', path: 'a.php', text: `<?php // done ?>${script}`, runs: true },
  { name: 'in a comment of several lines', path: 'a.php', text: `<?php /* ?>${script} */ ?><p>x</p>`, runs: false },
  { name: 'a comment of Twig', path: 'a.twig', text: `<p>{# ${script} #}</p>`, runs: false },
  { name: 'a comment of EJS', path: 'a.ejs', text: `<p><%# ${script} %></p>`, runs: false },
  {
    name: 'a comment of Liquid in a part',
    path: '_includes/a.html',
    text: `<p>{%- comment -%}${script}{%- endcomment -%}</p>`,
    runs: false,
  },
  { name: 'a saved page that holds such a comment', path: 'saved/a.html', text: `{% comment %}${script}{% endcomment %}`, runs: null },
  { name: 'a page with front matter and nothing to take out', path: 'index.html', text: script, runs: null },
]

for (const { name, path, text, runs } of cases)
  test(name, () => {
    const page = isPageSource(path, true) && mayBeSource(path, Buffer.from(text)) ? renderSource(path, text) : null
    assert.equal(page === null ? null : page.includes(script), runs, String(page))
  })

test('code of PHP of any length is taken out', () => {
  const list = `'${script}',\n`.repeat(5_000)
  assert.equal(withoutPhp(`<?php class A { const B = [${list}]; }`), '')
  assert.equal(withoutPhp(`a<?= $x ?>b<?php if ($y): ?>c<?php endif ?>d`), 'abcd')
  assert.equal(withoutPhp('<?xml version="1.0"?><p>'), '<?xml version="1.0"?><p>')
})

/** Half a megabyte of each: what looks for an end again and again would take hours, and the file's watchdog would say so. */
const tokens = [
  '{% comment %}',
  '{%comment ',
  '{#',
  '<%',
  '<?php ',
  '<?php "',
  '<?php <<<A\n',
  '{{!',
  '{{!--',
  '{% highlight %}',
  '{{< highlight >}}',
  '---\n',
  '{::comment}',
]
for (const token of tokens)
  test(`half a megabyte of ${JSON.stringify(token)} is read`, { timeout: 60_000 }, () => {
    const text = token.repeat(500_000 / token.length)
    for (const ending of ['html', 'twig', 'hbs', 'ejs', 'php']) assert.notEqual(renderSource(`views/a.${ending}`, `<p>${text}`), undefined)
    assert.notEqual(renderSource('a.md', `${front}${text.slice(0, 50_000)}`), undefined)
  })

test('Markdown is a page only where the folder is a site', () => {
  assert.deepEqual([isPageSource('docs/a.md', true), isPageSource('docs/a.md', false)], [true, false])
})

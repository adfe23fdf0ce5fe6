/**
 * Commands that fetch code and run it, or run code that was encoded, as pages write them into a clipboard. Pure: the judgement of scripts
 * and that of what was written at run time read the same.
 */
const runners =
  /^(?:["'&(\s]|echo\s[^&|;\n]{0,80}[&|;]+|sudo\s|start\s|\/bin\/)*(?:cmd(?:\.exe)?|powershell(?:\.exe)?|pwsh|mshta(?:\.exe)?|msiexec(?:\.exe)?|rundll32(?:\.exe)?|regsvr32(?:\.exe)?|certutil(?:\.exe)?|bitsadmin|wscript|cscript|conhost(?:\.exe)?|curl(?:\.exe)?|wget|bash|zsh|sh|osascript|python3?|nslookup)\s/i
const decoded = /^echo\s.{12,}\|\s*(?:base64\s+(?:-d|-D|--decode)|xxd\s+-r\s+-p)\s*\|\s*(?:bash|zsh|sh)\b/i
const fetches =
  /\bhttps?:\/\/|\\\\[\w.-]+\\|\b(?:iwr|irm|invoke-webrequest|invoke-restmethod|downloadstring|downloadfile|start-bitstransfer)\b|\bcurl\s/i
const runs =
  /\|\s*(?:sudo\s+)?(?:bash|zsh|sh|iex|python3?|powershell)\b|\biex\b|\binvoke-expression\b|\bmshta\b|\bmsiexec\b|\bregsvr32\b|\brundll32\b|\bsh\s+-c\b|\bbash\s+(?:-c\b|<\()|\bstart-process\b|\bpowershell\b.{0,200}-(?:c|command)\b/i
const encoded = /-(?:e|ec|enc|encodedcommand)\s+["']?[A-Za-z0-9+/=]{24,}|\bfrombase64string\b|\bbase64\s+(?:-d|-D|--decode)\b/i

/** The command in one line, or null where the text is none. A comment behind it ("# I am not a robot") belongs to the trick. */
export function remoteCommand(text: string): string | null {
  if (text.length < 12 || text.length > 20_000 || !/^["'&(\s]*[a-z/]/i.test(text)) return null
  const line = oneLine(text)
  if (decoded.test(line)) return line.slice(0, 500)
  if (!runners.test(line.slice(0, 200))) return null
  return encoded.test(line) || (fetches.test(line) && runs.test(line)) ? line.slice(0, 500) : null
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()

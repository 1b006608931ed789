/**
 * A small full-screen program, for the tests of the terminal: counts keys on a screen of its own, one synchronized frame each, sent in
 * pieces. `q` leaves, `z` stops it as Ctrl-Z would.
 */
const { stdin, stdout } = process
let presses = 0
let last = ''

const draw = (): void => {
  stdout.write('\x1b[?2026h\x1b[H\x1b[2J')
  stdout.write(`\x1b[1;34mpresses\x1b[m ${presses}\r\nlast ${JSON.stringify(last)}\r\n`)
  stdout.write(`size ${stdout.columns}x${stdout.rows}\r\n日本 \x1b[38;2;255;128;0m▸\x1b[m 🐕 e\u0301|`)
  stdout.write('\x1b[?2026l')
}

const enter = (): void => {
  stdin.setRawMode(true)
  stdout.write('\x1b[?1049h\x1b[?25l\x1b[?2004h')
  draw()
}

const leave = (): void => {
  stdout.write('\x1b[?2004l\x1b[?25h\x1b[?1049l')
  stdin.setRawMode(false)
}

const stop = (): void => {
  leave()
  process.once('SIGCONT', enter)
  process.kill(process.pid, 'SIGSTOP')
}

const quit = (): void => {
  leave()
  stdout.write(`${presses} presses\n`)
  process.exit(3)
}

const press = (bytes: Buffer): void => {
  presses += 1
  last = bytes.toString()
  if (last === 'q') quit()
  else if (last === 'z') stop()
  else draw()
}

stdin.on('data', press)
stdout.on('resize', draw)
enter()

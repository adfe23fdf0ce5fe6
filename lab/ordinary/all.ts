import { busyApplication, collaboration, newsPage } from './busy.ts'
import { boardGame, codec, emulator, physics } from './computing.ts'
import type { Content } from './content.ts'
import { fileHash, passwordHash, wallet } from './cryptography.ts'
import { bannerPage, captcha, closedGate, gate, loginWall, oldCharset, parked, plainPage } from './proof-of-work.ts'
import { article, blockList, chat, commentedOut, disabled } from './talk.ts'

export const ordinaryContents: readonly Content[] = [
  plainPage,
  bannerPage,
  oldCharset,
  captcha,
  gate,
  closedGate,
  loginWall,
  parked,
  wallet,
  fileHash,
  passwordHash,
  boardGame,
  physics,
  emulator,
  codec,
  chat,
  article,
  commentedOut,
  disabled,
  blockList,
  busyApplication,
  newsPage,
  collaboration,
]

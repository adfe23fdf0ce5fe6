import { busyApplication, collaboration, newsPage } from './busy.ts'
import { boardGame, codec, emulator, physics } from './computing.ts'
import { chess } from './chess.ts'
import type { Content } from './content.ts'
import { encryptedChat } from './encrypted-chat.ts'
import { gpuInference, inference } from './inference.ts'
import { fileHash, passwordHash, wallet } from './cryptography.ts'
import { advertisements, copyButton, honestDapp, videoCall } from './near-neighbours.ts'
import { fakeCaptcha, hiddenAdWorker, proxyTunnel, walletDrainer } from './neighbours.ts'
import { bannerPage, captcha, closedGate, gate, loginWall, oldCharset, parked, plainPage } from './proof-of-work.ts'
import { wasmCaptcha } from './wasm-captcha.ts'
import { article, blockList, chat, commentedOut, disabled } from './talk.ts'

export const ordinaryContents: readonly Content[] = [
  plainPage,
  bannerPage,
  oldCharset,
  captcha,
  wasmCaptcha,
  gate,
  closedGate,
  loginWall,
  parked,
  wallet,
  fileHash,
  passwordHash,
  boardGame,
  chess,
  inference,
  gpuInference,
  physics,
  emulator,
  codec,
  chat,
  encryptedChat,
  article,
  commentedOut,
  disabled,
  blockList,
  busyApplication,
  newsPage,
  collaboration,
  walletDrainer,
  honestDapp,
  proxyTunnel,
  videoCall,
  fakeCaptcha,
  copyButton,
  hiddenAdWorker,
  advertisements,
]

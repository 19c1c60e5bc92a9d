import { parentPort, workerData } from 'node:worker_threads'
import { trainDetector } from './detector.ts'
import type { TrainingTask } from './training-thread.ts'

const { history, detector } = workerData as TrainingTask
parentPort?.postMessage(trainDetector(history, detector))

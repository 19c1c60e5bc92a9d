import { systemClock } from '../../agent/lib/clock.ts'
import { type AgentProcess, ready } from './agents.ts'
import { closedGate, inTime, type Row, secondsSince } from './row.ts'
import { eventually, type Scene } from './scene.ts'

/** An agent in the middle of an assessment whose look at the world does not come back before the gate opens. */
async function assessing(scene: Scene): Promise<{ victim: AgentProcess; id: string; goOn: () => void }> {
  const gate = closedGate()
  scene.world.onLook = () => gate.opened
  await scene.reportOutage()
  const { claimAgent } = await eventually(
    scene.outageIncident,
    (one) => one.claimAgent !== null,
    30_000,
    'an assessment',
  )
  const goOn = () => {
    scene.world.onLook = () => undefined
    gate.open()
  }
  return { victim: scene.agentNamed(claimAgent), id: claimAgent as string, goOn }
}

/** Waits until somebody else works on the outage or has decided; the seconds that took. */
async function untilTaken(scene: Scene, from: string, sinceMs: number): Promise<number> {
  const isTaken = (one: { claimAgent: string | null; assessments: number }) =>
    (one.claimAgent !== null && one.claimAgent !== from) || one.assessments > 0
  await eventually(scene.outageIncident, isTaken, 90_000, 'another agent to take over')
  return secondsSince(sinceMs)
}

/** Asks, lets Alice approve, and calls the function once, at a moment of the second effect. */
export async function carriedOut(
  scene: Scene,
  when: 'before' | 'after',
  strike: (agent: AgentProcess, agentId: string) => Promise<void> | void,
): Promise<void> {
  let isStruck = false
  scene.world.onEffect = async (effect, moment) => {
    if (effect !== 'promote' || moment !== when || isStruck) return
    isStruck = true
    const { agentId } = await scene.run()
    await strike(scene.agentNamed(agentId), agentId as string)
  }
  await scene.reportOutage()
  await approved(scene)
}

/** Alice says yes to what is asked now; a question that was overtaken by another look is asked again. */
export async function approved(scene: Scene): Promise<void> {
  const endMs = performance.now() + 240_000
  for (;;) {
    const { isTaken, said } = await scene.approve(await scene.question())
    if (isTaken) return
    if (performance.now() > endMs) throw new Error(`the approval was not taken: ${said.trim()}`)
  }
}

export async function untilSucceeded(scene: Scene, timeoutMs = 120_000): Promise<void> {
  await eventually(scene.run, ({ state }) => state === 'succeeded', timeoutMs, 'the run to succeed')
}

async function untilWithAnother(scene: Scene, from: string, sinceMs: number): Promise<number> {
  await eventually(scene.run, ({ agentId }) => agentId !== from, 90_000, 'another agent to take the run over')
  return secondsSince(sinceMs)
}

export const AGENT_ROWS: readonly Row[] = [
  {
    name: 'kill-assessment',
    about: 'kill -9 an agent in the middle of an assessment',
    allowsQuestions: true,
    isQuick: true,
    run: async (scene, say) => {
      const { victim, id, goOn } = await assessing(scene)
      say(`agent ${victim.name} is looking; killing it`)
      const atMs = performance.now()
      victim.signal('SIGKILL')
      goOn()
      return `taken over after ${inTime(await untilTaken(scene, id, atMs))}`
    },
  },
  {
    name: 'kill-run',
    about: 'kill -9 an agent right after the second effect of a run, before it knows',
    allowsQuestions: true,
    isQuick: true,
    run: async (scene, say) => {
      let dead: { id: string; atMs: number } | null = null
      await carriedOut(scene, 'after', (agent, id) => {
        say(`the run is with agent ${agent.name}; killing it`)
        agent.signal('SIGKILL')
        dead = { id, atMs: performance.now() }
      })
      const { id, atMs } = (await eventually(
        async () => dead as { id: string; atMs: number } | null,
        Boolean,
        60_000,
        'the kill',
      )) as { id: string; atMs: number }
      const seconds = inTime(await untilWithAnother(scene, id, atMs))
      await untilSucceeded(scene)
      return `taken over after ${seconds}, under generation ${(await scene.run()).generation}`
    },
  },
  {
    name: 'kill-approval',
    about: 'kill -9 the agents that asked, and terminals in the middle of the answer',
    allowsQuestions: true,
    run: async (scene, say) => {
      await scene.reportOutage()
      const question = await scene.question()
      const [asked] = await scene.store.audit.list({ kinds: ['approval_requested'], limit: 1 })
      scene.agentNamed(asked?.entry.actor.id ?? null).signal('SIGKILL')
      let tries = 0
      for (let isTaken = false; !isTaken; tries += 1) {
        // Each a little later than the one before, across the moment of the transaction.
        isTaken = (await scene.approve(question, 700 + tries * 150)).isTaken
        const now = await scene.store.approvals.get(question.id)
        if (now?.status === 'approved') isTaken = true
        if (tries > 60) throw new Error('no terminal lived long enough')
      }
      say(`${tries} terminals were started`)
      await untilSucceeded(scene)
      return `${tries - 1} terminals killed, one vote, one run`
    },
  },
  {
    name: 'stop-minute',
    about: 'SIGSTOP an agent for a minute in the middle of a run; its effect is on the way',
    allowsQuestions: true,
    run: async (scene, say) => {
      const late = closedGate()
      let stopped: { agent: AgentProcess; id: string; atMs: number } | null = null
      await carriedOut(scene, 'before', async (agent, id) => {
        agent.signal('SIGSTOP')
        stopped = { agent, id, atMs: performance.now() }
        // What it sent hangs in the network until it wakes.
        await late.opened
      })
      const { agent, id, atMs } = (await eventually(
        async () => stopped as { agent: AgentProcess; id: string; atMs: number } | null,
        Boolean,
        60_000,
        'the stop',
      )) as { agent: AgentProcess; id: string; atMs: number }
      say(`agent ${agent.name} stands still`)
      const seconds = inTime(await untilWithAnother(scene, id, atMs))
      await untilSucceeded(scene)
      await systemClock.sleep(Math.max(0, 60_000 - secondsSince(atMs) * 1000))
      late.open()
      agent.signal('SIGCONT')
      await eventually(
        async () => agent.said(),
        (text) => text.includes('others took over'),
        60_000,
        'the one that woke to notice',
      )
      await eventually(
        async () => scene.world.landings,
        (all) => all.some(({ outcome }) => outcome === 'refused'),
        30_000,
        'the late effect',
      )
      return `taken over after ${seconds}; what it still sent was refused where it landed`
    },
  },
  {
    name: 'cut-network',
    about: 'cut an agent off from the database for 45 s in the middle of an assessment',
    allowsQuestions: true,
    run: async (scene, say) => {
      const stop = scene.keepSending(1000)
      const { victim, id, goOn } = await assessing(scene)
      say(`agent ${victim.name} is cut off`)
      const atMs = performance.now()
      await scene.network.cut(victim.name, 'database')
      goOn()
      const seconds = inTime(await untilTaken(scene, id, atMs))
      await systemClock.sleep(Math.max(0, 45_000 - secondsSince(atMs) * 1000))
      const healedMs = performance.now()
      await scene.network.heal(victim.name, 'database')
      await ready(victim)
      const back = secondsSince(healedMs)
      await stop()
      await eventually(
        () => scene.store.agents.list(),
        (all) => all.length === 2,
        60_000,
        'both agents on the list',
      )
      return `taken over after ${seconds}; back ${back.toFixed(1)} s after the network`
    },
  },
  {
    name: 'stop-in-order',
    about: 'SIGTERM an agent in the middle of a run; the rest is handed over',
    allowsQuestions: true,
    run: async (scene) => {
      let left: { agent: AgentProcess; id: string; atMs: number } | null = null
      await carriedOut(scene, 'after', (agent, id) => {
        agent.signal('SIGTERM')
        left = { agent, id, atMs: performance.now() }
      })
      const { agent, id, atMs } = (await eventually(
        async () => left as { agent: AgentProcess; id: string; atMs: number } | null,
        Boolean,
        60_000,
        'the signal',
      )) as { agent: AgentProcess; id: string; atMs: number }
      const seconds = await untilWithAnother(scene, id, atMs)
      await untilSucceeded(scene)
      const code = await agent.ended
      if (code !== 0) throw new Error(`it ended with ${code}`)
      return `handed over after ${seconds.toFixed(1)} s, ended with 0`
    },
  },
]

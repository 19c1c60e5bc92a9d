import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, removeFolder, scratchFolder } from '../parts/servers.ts'
import { TOKEN } from '../parts/world.ts'
import { writeAgentFolder } from './agent-folder.ts'
import { type AgentProcess, startAgentProcess } from './agent-process.ts'
import { type Monitoring, startMonitoring } from './monitoring.ts'
import { type Sites, type SitesWanted, startSites } from './sites.ts'

/** Two sites, who watches them, and an agent that is told by them. */
export interface AgentWorld {
  readonly sites: Sites
  readonly monitoring: Monitoring
  readonly agent: AgentProcess
  /** Writes the page of a run into a folder; the path of the file. */
  writePage(folder: string, name: string, runId: string): Promise<string>
  stop(): Promise<void>
}

/** Starts all of it, with an agent that knows services of these names; on failure nothing keeps running. */
export async function startAgentWorld(
  wanted: SitesWanted & { readonly services: readonly string[] },
): Promise<AgentWorld> {
  const stops: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const one of stops.splice(0).reverse()) await one().catch(() => undefined)
  }
  try {
    const { services } = wanted
    const port = await freePort()
    const sites = await startSites(wanted)
    stops.push(sites.stop)
    const webhookUrl = `http://127.0.0.1:${port}/v1/alerts/alertmanager`
    const monitoring = await startMonitoring({ sites, services, webhookUrl, token: TOKEN })
    stops.push(monitoring.stop)
    const folder = scratchFolder('drill-agent')
    stops.push(async () => removeFolder(folder))
    writeAgentFolder({ folder, port, sites, monitoring, services })
    const agent = await startAgentProcess(folder, port)
    stops.push(agent.stop)
    return {
      ...{ sites, monitoring, agent, stop },
      writePage: async (to, name, runId) => {
        mkdirSync(to, { recursive: true })
        const file = join(to, `${name}.html`)
        await agent.command(['runs', runId, '--html', file])
        return file
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

const AWS = /\b(?:us|eu|ap|sa|ca|me|af|il|mx|cn)-(?:gov-)?(?:north|south|east|west|central)(?:east|west)?-\d\b/g
const GCP =
  /\b(?:us|europe|asia|australia|southamerica|northamerica|me|africa)-(?:north|south|east|west|central)(?:east|west)?\d{1,2}\b/g

/** Azure's regions by the names that its status pages use. */
const AZURE_NAMES = [
  'Australia Central 2',
  'Australia Central',
  'Australia East',
  'Australia Southeast',
  'Austria East',
  'Belgium Central',
  'Brazil South',
  'Brazil Southeast',
  'Canada Central',
  'Canada East',
  'Central India',
  'Central US',
  'Chile Central',
  'China East 2',
  'China East 3',
  'China North 2',
  'China North 3',
  'East Asia',
  'East US 2',
  'East US',
  'France Central',
  'France South',
  'Germany North',
  'Germany West Central',
  'Indonesia Central',
  'Israel Central',
  'Italy North',
  'Japan East',
  'Japan West',
  'Korea Central',
  'Korea South',
  'Malaysia West',
  'Mexico Central',
  'New Zealand North',
  'North Central US',
  'North Europe',
  'Norway East',
  'Norway West',
  'Poland Central',
  'Qatar Central',
  'South Africa North',
  'South Africa West',
  'South Central US',
  'South India',
  'Southeast Asia',
  'Spain Central',
  'Sweden Central',
  'Sweden South',
  'Switzerland North',
  'Switzerland West',
  'UAE Central',
  'UAE North',
  'UK South',
  'UK West',
  'West Central US',
  'West Europe',
  'West India',
  'West US 2',
  'West US 3',
  'West US',
]
const AZURE_CODES = new Map(AZURE_NAMES.map((name) => [name.toLowerCase(), name.toLowerCase().replaceAll(' ', '')]))
// Longest first, so that "South Central US" is not read as "Central US".
const AZURE = new RegExp(`\\b(?:${[...AZURE_NAMES].sort((a, b) => b.length - a.length).join('|')})\\b(?! \\d)`, 'gi')

/** The code of an Azure region given by its display name or its code; null when it is neither. */
export function azureRegion(text: string): string | null {
  const name = text.trim().toLowerCase()
  if (AZURE_CODES.has(name)) return AZURE_CODES.get(name) ?? null
  for (const code of AZURE_CODES.values()) if (code === name) return code
  return null
}

/** Region codes that a title spells out. Only codes and Azure's own region names are taken; cities and compass words are not. */
export function regionsInTitle(title: string): string[] {
  const found = new Set<string>()
  for (const pattern of [AWS, GCP]) for (const match of title.toLowerCase().matchAll(pattern)) found.add(match[0])
  for (const match of title.matchAll(AZURE)) {
    const code = AZURE_CODES.get(match[0].toLowerCase())
    if (code) found.add(code)
  }
  return [...found].sort()
}

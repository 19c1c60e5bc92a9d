/** A region under every name by which texts call it: code, what the provider prints, city or area, and the short form in host names. */
export interface RegionNames {
  readonly code: string
  readonly display: string
  readonly place: string
  readonly short: string
}

/**
 * Regions that may stand in for each other. A row is one provider in one part of the world, so that prose such as "customers in Europe"
 * stays true. us-east-1 is left alone: global control planes live there, and a reader may know that.
 */
const ROWS: readonly string[] = [
  'aws|us-east-2,US East (Ohio),Ohio,use2|us-west-1,US West (N. California),California,usw1|us-west-2,US West (Oregon),Oregon,usw2|ca-central-1,Canada (Central),Montreal,cac1|ca-west-1,Canada West (Calgary),Calgary,caw1',
  'aws|eu-west-1,Europe (Ireland),Ireland,euw1|eu-west-2,Europe (London),London,euw2|eu-west-3,Europe (Paris),Paris,euw3|eu-central-1,Europe (Frankfurt),Frankfurt,euc1|eu-central-2,Europe (Zurich),Zurich,euc2|eu-north-1,Europe (Stockholm),Stockholm,eun1|eu-south-1,Europe (Milan),Milan,eus1|eu-south-2,Europe (Spain),Spain,eus2',
  'aws|ap-northeast-1,Asia Pacific (Tokyo),Tokyo,apne1|ap-northeast-2,Asia Pacific (Seoul),Seoul,apne2|ap-northeast-3,Asia Pacific (Osaka),Osaka,apne3|ap-south-1,Asia Pacific (Mumbai),Mumbai,aps1|ap-south-2,Asia Pacific (Hyderabad),Hyderabad,aps2|ap-southeast-1,Asia Pacific (Singapore),Singapore,apse1|ap-southeast-2,Asia Pacific (Sydney),Sydney,apse2|ap-southeast-3,Asia Pacific (Jakarta),Jakarta,apse3|ap-southeast-4,Asia Pacific (Melbourne),Melbourne,apse4',
  'aws|me-central-1,Middle East (UAE),UAE,mec1|me-south-1,Middle East (Bahrain),Bahrain,mes1',
  'azure|eastus,East US,Virginia,eus|eastus2,East US 2,Virginia 2,eus2|centralus,Central US,Iowa,cus|northcentralus,North Central US,Illinois,ncus|southcentralus,South Central US,Texas,scus|westus,West US,California,wus|westus2,West US 2,Washington,wus2|westus3,West US 3,Arizona,wus3|canadacentral,Canada Central,Toronto,cac|canadaeast,Canada East,Quebec,cae',
  'azure|northeurope,North Europe,Dublin,neu|westeurope,West Europe,Amsterdam,weu|uksouth,UK South,London,uks|ukwest,UK West,Cardiff,ukw|francecentral,France Central,Paris,frc|germanywestcentral,Germany West Central,Frankfurt,gwc|swedencentral,Sweden Central,Gävle,swc|switzerlandnorth,Switzerland North,Zurich,szn|norwayeast,Norway East,Oslo,nwe',
  'azure|australiaeast,Australia East,Sydney,aue|australiasoutheast,Australia Southeast,Melbourne,ause|eastasia,East Asia,Hong Kong,ea|southeastasia,Southeast Asia,Singapore,sea|japaneast,Japan East,Tokyo,jpe|japanwest,Japan West,Osaka,jpw|centralindia,Central India,Pune,inc|southindia,South India,Chennai,ins|koreacentral,Korea Central,Seoul,krc',
  'gcp|us-central1,Iowa,Council Bluffs,usc1|us-east1,South Carolina,Moncks Corner,use1|us-east4,Northern Virginia,Ashburn,use4|us-west1,Oregon,The Dalles,usw1|us-west2,Los Angeles,California,usw2|us-west3,Salt Lake City,Utah,usw3|northamerica-northeast1,Montréal,Québec,nane1|northamerica-northeast2,Toronto,Ontario,nane2',
  'gcp|europe-north1,Finland,Hamina,eun1|europe-southwest1,Madrid,Spain,eusw1|europe-west1,Belgium,St. Ghislain,ew1|europe-west2,London,England,ew2|europe-west3,Frankfurt,Germany,ew3|europe-west4,Netherlands,Eemshaven,ew4|europe-west6,Zurich,Switzerland,ew6|europe-west8,Milan,Italy,ew8|europe-west9,Paris,France,ew9|europe-west12,Turin,Piedmont,ew12',
  'gcp|asia-east1,Taiwan,Changhua County,ase1|asia-east2,Hong Kong,Hong Kong SAR,ase2|asia-northeast1,Tokyo,Japan,asne1|asia-northeast2,Osaka,Kansai,asne2|asia-south1,Mumbai,India,ass1|asia-south2,Delhi,New Delhi,ass2|asia-southeast1,Singapore,Jurong West,asse1|asia-southeast2,Jakarta,Indonesia,asse2',
  'gcp|australia-southeast1,Sydney,New South Wales,ause1|australia-southeast2,Melbourne,Victoria,ause2',
  'gcp|southamerica-east1,São Paulo,Osasco,sae1|southamerica-west1,Santiago,Chile,saw1',
]

/** Provider and its regions that may be swapped among each other. */
export const REGION_POOLS: readonly { readonly provider: string; readonly regions: readonly RegionNames[] }[] =
  ROWS.map((row) => {
    const [provider = '', ...regions] = row.split('|')
    return {
      provider,
      regions: regions.map((region) => {
        const [code = '', display = '', place = '', short = ''] = region.split(',')
        return { code, display, place, short }
      }),
    }
  })

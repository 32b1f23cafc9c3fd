/** Countries by their two letters (ISO 3166-1 alpha-2) with the three that athenahealth shows beside them. */
const countries: ReadonlyMap<string, string> = new Map(
  `AR:ARG AU:AUS AT:AUT BE:BEL BR:BRA CA:CAN CH:CHE CL:CHL CN:CHN CO:COL CR:CRI CU:CUB CZ:CZE DE:DEU DK:DNK DO:DOM EC:ECU
  EG:EGY ES:ESP ET:ETH FI:FIN FR:FRA GB:GBR GH:GHA GR:GRC GT:GTM HK:HKG HN:HND HT:HTI HU:HUN ID:IDN IE:IRL IL:ISR IN:IND
  IQ:IRQ IR:IRN IT:ITA JM:JAM JP:JPN KE:KEN KR:KOR LB:LBN MA:MAR MX:MEX MY:MYS NG:NGA NI:NIC NL:NLD NO:NOR NP:NPL NZ:NZL
  PA:PAN PE:PER PH:PHL PK:PAK PL:POL PR:PRI PT:PRT RO:ROU RU:RUS SA:SAU SE:SWE SG:SGP SO:SOM SV:SLV TH:THA TR:TUR TW:TWN
  UA:UKR US:USA UY:URY VE:VEN VN:VNM ZA:ZAF`
    .split(/\s+/)
    .map((pair) => [pair.slice(0, 2), pair.slice(3)]),
)

/** The three letters of a country; its two where the list has it not. */
export function countryCode(alpha2: string): string {
  return countries.get(alpha2.toUpperCase()) ?? alpha2.toUpperCase()
}

/** The words of the API's paths, taken apart. A word that is not here is one word already. */
const PHRASES = `
18 to 20 week edd update
accident data
acog
add billing rows
adjusting charges
administered questionnaire screeners
ambulatory surgical content
appointment cancel reasons
appointment confirmation status
appointment reminders
appointment request
appointment type dropdown
appointment types
archived messages
attachment type class
basic demographics
benefit details
best match
cancel check in
cancer cases
care team
care team members
case policies
ccda export
ccm enrollment status
change ageing ownership
charge codes
charge entry not required
charge entry not required reasons
chart abstraction
chart alert
chart sharing groups
check in
check in required
check out
check procedure
claim collections
claim notes
claim transactions
client forms
clinical document
clinical provider order type
clinical providers
close reasons
collect payment
common insurance packages
communicator brands
confirmation status
corrective lens
cover sheet
custom fields
data access info
data entry completed
declined reasons
deep link
default search facilities
delivery information
departments mapping
dictatable sections
dictation settings
dictation status
discharge information
discharge medications
discussion items
discussion notes
document assignment
document export
document labels
documents review
document types
dosage quantity units
download specification
drivers license
ecommunication disclosure
edd calculation
email agreement
encounter document
encounter reason note
encounter reasons
enhanced best match
enrollment docs
existing patient
external dictation message
eye care
eye dilation
family history
fax confirmations
fee schedules
flowsheet templates
free text goal
gender identity
general ledger
genetic screening and infection history
get appointment id by hash
greetings and instructional messages
gyn history
health history
health history forms
imaging result
imaging results
inbox messages
inpt admin
insurance packages
interface consents
intraocular pressure
iv medication
lab result
lab results
locally administered
mark lab result read
medical history
medical record
medication history consent verified
med notification
menstrual history
mobile carriers
msp insurance types
multiple department
native athena telehealth room
new patient
ob delivery outcomes
ob delivery sites
ob delivery types
ob episode info
ob episodes
ob gyn history
office note
office order types
one year
one year contract terms
or case
order groups
order sets
order type
original document
patient appointment reasons
patient case
patient cases
patient chart list
patient closed
patient enrollment
patient goals
patient info
patient instructions
patient locations
patient outstanding
patient outstanding detailed
patient pay vendors
patient record
patient satisfaction
patient secure message
patient statement
patient statement image
patient statuses
payment history
payment plan
perinatal history
personal pronouns
phone message
physical exam
physician auth
population management
portal access
portal invitation
portal settings
portal status
practice info
prepayment plans
presedation assessment
privacy information verified
problems list
procedure codes
procedure documentation
procedure roles
procedure timeout checklist
procedure times
procedure vitals
proper json encoding
provider numbers
provider specialties
provider types
pt episodes
quality management
questionnaire screeners
recipient classes
record payment
referral auths
referral sources
referring provider numbers
referring providers
reminder call settings
return to submit
review of systems
risk contract
risk contracts
risk gaps
rto
score only
search types
section note
secure message
sent messages
signed off
signed order
single appointment
single appointment contract terms
sliding fee plans
sms terms and conditions
social history
stage procedure documentation
start check in
start external dictation
stop reasons
stored card
surgery cases
surgical history
surgical result
text macros
third party coding status
third party external data
top insurance packages
transaction id
transcribable note types
user info
user messages
valid non ccp credit card methods
vision correction
visit charge
visual acuity
void payment
can patient reply to message
`

/** What a word is called where its letters alone say too little. */
const NAMES: Readonly<Record<string, string>> = {
  acog: 'ACOG form',
  ccda: 'CCDA document',
  ccdaexport: 'CCDA export',
  ccmenrollmentstatus: 'chronic care enrollment status',
  dme: 'medical equipment',
  enrollmentdocs: 'enrollment documents',
  gpal: 'pregnancy counts (GPAL)',
  gynhistory: 'gynecological history',
  hpi: 'history of present illness',
  html: 'HTML version',
  inpatient: 'inpatient',
  inptadmin: 'inpatient admin documents',
  ivmedication: 'intravenous medication',
  labresult: 'lab results',
  imagingresult: 'imaging results',
  clinicaldocument: 'clinical documents',
  encounterdocument: 'encounter documents',
  medicalrecord: 'medical records',
  phonemessage: 'phone messages',
  patientcase: 'patient cases',
  physicianauth: 'physician authorizations',
  referralauths: 'referral authorizations',
  surgicalresult: 'surgical results',
  letter: 'letters',
  mednotification: 'medication notifications',
  mspinsurancetypes: 'Medicare secondary payer insurance types',
  mspq: 'Medicare secondary payer questionnaire',
  obdeliveryoutcomes: 'delivery outcomes',
  obdeliverysites: 'delivery sites',
  obdeliverytypes: 'delivery types',
  obepisodeinfo: 'facts of the pregnancy',
  obepisodes: 'obstetric episodes',
  obgynhistory: 'obstetric and gynecological history',
  orcase: 'operating room cases',
  properjsonencoding: 'JSON encoding setting',
  ptepisodes: 'physical therapy episodes',
  rto: 'return-to-office orders',
  smstermsandconditions: 'terms of text messages',
  user: 'user',
  xml: 'XML version',
  '18to20weekeddupdate': 'due date update of weeks 18 to 20',
  eddcalculation: 'due date calculation',
  driverslicense: 'driver’s license image',
  checkinrequired: 'fields required at check-in',
  presedationassessment: 'assessment before sedation',
  ecommunicationdisclosure: 'disclosure on electronic communication',
}

const phraseByWord = new Map([
  ...PHRASES.trim()
    .split('\n')
    .map((phrase) => [phrase.replaceAll(' ', ''), phrase] as const),
  ...Object.entries(NAMES),
])

/** What a word of a path means, in English words. */
export function phraseOf(word: string): string {
  return phraseByWord.get(word.toLowerCase()) ?? word
}

/** Words that look like plurals and are none, or have one of their own. */
const ONES = new Map([
  ['diagnoses', 'diagnosis'],
  ['status', 'status'],
  ['demographics', 'demographics'],
  ['vitals', 'set of vitals'],
  ['times', 'times'],
  ['settings', 'settings'],
  ['terms', 'terms'],
  ['systems', 'systems'],
  ['illness', 'illness'],
  ['illnesses', 'illness'],
  ['rows', 'rows'],
  ['units', 'units'],
  ['instructions', 'instructions'],
  ['counts', 'counts'],
  ['access', 'access'],
  ['details', 'details'],
  ['lens', 'lens'],
  ['messages', 'message'],
  ['images', 'image'],
  ['pages', 'page'],
  ['packages', 'package'],
  ['notes', 'note'],
  ['cases', 'case'],
  ['procedures', 'procedure'],
  ['services', 'service'],
  ['schedules', 'schedule'],
  ['codes', 'code'],
  ['types', 'type'],
  ['sites', 'site'],
  ['templates', 'template'],
  ['vaccines', 'vaccine'],
  ['outcomes', 'outcome'],
  ['episodes', 'episode'],
  ['roles', 'role'],
  ['invoices', 'invoice'],
  ['sources', 'source'],
  ['employees', 'employee'],
  ['races', 'race'],
  ['states', 'state'],
  ['languages', 'language'],
  ['pharmacies', 'pharmacy'],
])

/** One of what a phrase names: `lab results (stays)`, `lab result (stays)`. */
export function oneOf(phrase: string): string {
  const [, named = phrase, rest = ''] = /^(.*?)( \(.*| to choose from)$/.exec(phrase) ?? []
  const cut = named.lastIndexOf(' ') + 1
  return named.slice(0, cut) + singular(named.slice(cut)) + rest
}

function singular(word: string): string {
  const own = ONES.get(word)
  if (own !== undefined) return own
  const shorter = word.replace(/ies$/, 'y').replace(/(ss|x|ch)es$/, '$1')
  return shorter === word ? word.replace(/([^s])s$/, '$1') : shorter
}

/** A phrase with its article. */
export function withArticle(phrase: string): string {
  return `${/^(?:[aeiou](?!ne|ser|nit)|hour|HTML|X|OB|MSP)/i.test(phrase) ? 'an' : 'a'} ${phrase}`
}

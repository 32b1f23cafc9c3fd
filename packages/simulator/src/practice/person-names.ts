/**
 * Everyday given names, surnames and streets from which invented people are put together, with the accents, hyphens and
 * apostrophes that registrations have to cope with. No list of real people.
 */

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

export const femaleNames = words(`
  Abigail Ada Adriana Agnes Alana Alice Alma Amara Amber Amelia Anika Anita Annette April Ariana Astrid Audrey Aurora
  Ava Beatrice Becky Bella Bernice Bianca Bonnie Brenda Bridget Camila Carla Carmen Caroline Cecilia Celeste Chloe Clara
  Colleen Cora Daisy Dalia Daniela Deborah Delia Denise Diana Dolores Donna Dora Edith Eileen Elena Eliza Ella Elsie
  Emma Erika Estelle Esther Eva Evelyn Faith Fatima Felicia Fiona Flora Frances Freya Gabriela Gemma Gina Gloria Grace
  Greta Hana Hannah Harriet Hazel Heidi Helen Ida Imani Ines Irene Iris Isabel Ivy Jana Janet Jasmine Joan Josefina Joyce
  Judith Julia June Karen Keiko Lara Laura Leah Lena Lila Linda Lois Lucia Lydia Mabel Maeve Marcia Maria Marta Maya Mei
  Mina Miriam Mona Nadia Naomi Nina Nora Olga Olive Paloma Paula Pearl Petra Phoebe Priya Rhea Rita Rosa Ruth Sabine Salma
  Sara Selma Sofia Stella Sylvia Tamara Tara Teresa Thea Uma Valeria Vera Violet Wanda Wilma Yara Yolanda Yvonne Zoe
  Andrea Anne-Marie Barbara Carol Catherine Christine Elizabeth Jennifer Jessica Katherine Margaret Mary Mary-Kate Nancy
  Pamela Patricia Rebecca Sandra Susan Victoria Virginia Chloé Inés Renée Siobhán Zoë
`)

export const maleNames = words(`
  Aaron Abel Abraham Adam Adrian Ahmed Alan Albert Alexei Alfred Ali Alvin Amir Andre Anton Arjun Arthur Asher August Basil
  Ben Bernard Boris Brian Bruno Caleb Calvin Carl Carlos Cedric Chad Chen Chris Clark Clive Cole Conrad Cyrus Dale Damian
  Darius David Derek Desmond Diego Dmitri Dominic Douglas Dylan Earl Eddie Edgar Edwin Eli Elias Emil Enzo Eric Ernest Ethan
  Eugene Ezra Felix Fernando Finn Floyd Frank Fred Gabriel Gary George Gerald Gilbert Glenn Gordon Grant Gregor Hakim Harold
  Harvey Hector Henry Herman Hugo Ian Ibrahim Igor Isaac Ismael Ivan Jack Jacob Jamal James Jasper Javier Jerome Joel Jonas
  Jorge Joseph Jude Julian Karl Keith Kenji Kevin Kurt Kyle Lamar Lars Leo Leon Levi Lewis Liam Louis Luca Luis Lyle Malik
  Manuel Marco Mario Mark Martin Marvin Mateo Max Miguel Milo Moses Nathan Neil Nico Noah Norman Oliver Omar Orson Oscar Otto
  Owen Pablo Patrick Paul Pedro Perry Peter Philip Quentin Rafael Ralph Ravi Raymond Reed Rene Ricardo Roger Roland Roman Ruben
  Russell Salim Samuel Saul Sean Silas Simon Stefan Stuart Theo Tobias Tomas Tyler Victor Vince Wade Walter Warren Wesley Yusuf
  Andrew Anthony Benjamin Charles Christopher Daniel Donald Edward Gregory Jeffrey John Jonathan Kenneth Lawrence Matthew
  Michael Nicholas Richard Robert Ronald Stephen Thomas Timothy William Andrés Étienne François Jean-Luc José Seán
`)

export const surnames = words(`
  Abbott Abrams Acosta Adler Aguilar Akhtar Albright Alder Alvarez Amato Anders Archer Arden Arroyo Ashby Atwood Avery Ayala
  Bailey Baldwin Banks Barlow Barnes Barrett Bassett Bauer Baxter Beck Bell Benson Bergman Bianchi Bishop Blackwood Blair Boone
  Bowers Boyd Bradford Brady Brandt Briggs Brock Browning Bruce Buckley Burke Burns Byrne Cabrera Cain Calderon Calloway
  Cameron Campos Cannon Cardenas Carey Carlson Carr Carver Castillo Chandra Chang Chapman Chavez Chu Clarke Clayton Coleman
  Collins Conley Connors Contreras Conway Corbin Cortez Costa Cowan Craig Crane Crosby Cruz Curtis Dalton Daly Daniels Darby
  Dawson Decker Delgado Demir Denton Diaz Dietrich Dixon Dolan Donovan Doyle Drake Dubois Dunlap Dunn Eaton Edmonds Egan Elder
  Ellery Ellis Emerson English Escobar Espinoza Farley Farrell Fields Figueroa Finch Fischer Fitch Fletcher Flores Flynn Ford
  Foster Fowler Fox Franklin Frazier Frost Fuentes Gallagher Garcia Gardner Garner Garrison Gibbs Gilmore Glover Gomez
  Gould Graves Greer Griffin Gruber Guerra Gupta Haas Hale Hamdi Hansen Harlow Harmon Harper Hartley Hassan Hawkins Hayes
  Henderson Herrera Hickman Hobbs Hodge Hoffman Holden Holloway Holt Hooper Horton Howe Huang Hubbard Huerta Hughes Hurst
  Ibarra Ingram Iverson Jacobs Jansen Jarvis Jennings Jensen Jimenez Johansson Jordan Joshi Juarez Kane Kapoor Keller Kemp
  Kendall Kerr Khan Kim Klein Knight Koch Kowalski Kramer Lambert Landry Lang Larkin Larsen Lawson Leblanc Lee Leonard Lindgren
  Livingston Lloyd Logan Lombardi Lopez Lowe Lozano Lucero Lutz Lynch Macias Madsen Mahoney Maldonado Manning Marlow Marsh
  Mathis Maxwell Mayer McBride McCoy McGrath McKee Medina Mehta Mejia Melton Mercado Merritt Meyer Miles Molina Monroe Montoya
  Morales Moran Moreno Moreau Morrow Moss Mueller Munoz Murphy Nakamura Nash Navarro Nelson Newell Nguyen Nichols Nolan Norris
  Novak Nunez Obrien Ochoa Okafor Oliveira Olsen Ortega Osborne Otero Owens Pace Pacheco Padilla Park Parrish Patel Paulson
  Payne Pearson Pena Perkins Peterson Pham Pierce Pope Porter Potter Powell Prescott Preston Pruitt Quinn Quintero Ramirez
  Ramsey Randall Rao Reeves Reyes Rhodes Richter Riggs Riley Rivas Rivera Robbins Rocha Rojas Romero Rosales Rossi Rowe Rubio
  Russo Ryan Salazar Sanders Sandoval Santos Sawyer Schmidt Schroeder Schultz Shaffer Shah Sharma Shea Shepherd Sherman Silva
  Simmons Sinclair Singh Skinner Sloan Snyder Solis Soto Sparks Spencer Stark Steele Stein Stokes Strand Suarez Sullivan Sutton
  Swanson Sweeney Takahashi Tanaka Tate Terrell Thornton Torres Townsend Tran Trevino Tucker Underwood Valdez Valencia Vance
  Vargas Vasquez Vaughn Vega Villa Vogel Wagner Walsh Walters Ware Watkins Weaver Webb Weber Weiss Welch Werner Whitaker Wilder
  Wiley Winters Wolfe Wong Woodard Wu Wyatt Yamada Yates York Zamora Zhang Ziegler Zimmerman
  Adams Allen Anderson Brown Campbell Carter Davis Evans Green Hall Harris Hill Jackson Johnson Jones King Lewis Martinez
  Miller Mitchell Moore Parker Phillips Roberts Robinson Rodriguez Scott Smith Taylor Thompson Turner White Williams Wilson
  Wright Young D'Angelo D'Souza García Gutiérrez Håkansson Ibáñez Lefèvre Méndez Müller Muñoz Núñez O'Brien O'Connor
  O'Malley O'Neill Pérez Sørensen
`)

export const streets = words(`
  Alder Aspen Beacon Birch Bluff Bridge Brook Canal Cedar Chapel Cherry Church Clover College Copper Cypress Depot Elm Fern Field
  Forest Garden Granite Grove Harbor Hawthorn Heron Hickory High Hillside Juniper Lake Laurel Linden Locust Maple Market Meadow
  Mill Mulberry Myrtle Oak Orchard Park Pearl Pine Poplar Prospect Quarry Railroad Ridge River Rose School Spring Spruce Summit
  Sycamore Valley Walnut Water Willow Winter
`)

export const streetKinds = words('St Ave Rd Ln Dr Ct Way Pl')

/** What people with a given name are called, and sometimes registered as. */
export const nicknames: ReadonlyMap<string, readonly string[]> = new Map(
  `Abigail Abby|Alexei Alex|Andrew Andy Drew|Anthony Tony|Barbara Barb|Benjamin Benji|Beatrice Bea|Carol Carrie
  Catherine Cathy Cate|Charles Charlie Chuck|Christine Chrissy|Christopher Topher|Daniel Dan Danny|Deborah Debbie Deb
  Donald Don|Edward Ted Ned|Elizabeth Liz Beth Betty|Evelyn Evie|Gabriel Gabe|Gregory Greg|Harriet Hattie|Jacob Jake
  James Jim Jimmy|Jeffrey Jeff|Jennifer Jen Jenny|Jessica Jess|John Johnny|Jonathan Jon|Joseph Joe Joey|Katherine Kate Kathy
  Kenneth Ken|Lawrence Larry|Margaret Peggy Meg|Matthew Matt|Michael Mike Mick|Nathan Nate|Nicholas Nick|Pamela Pam
  Patricia Pat Trish|Rafael Rafi|Raymond Ray|Rebecca Becca|Richard Rick Dick|Robert Bob Rob Bobby|Ronald Ron|Samuel Sam
  Sandra Sandy|Stephen Steve|Susan Sue Susie|Teresa Terri|Thomas Tom Tommy|Timothy Tim|Victoria Vicky|Virginia Ginny
  Walter Walt|William Bill Billy Will`
    .split(/[|\n]/)
    .map(words)
    .map(([name = '', ...short]) => [name, short]),
)

/** Every form in lower case of a given name that has short forms, whichever of them is given; without them only itself. */
export function nameForms(givenName: string): ReadonlySet<string> {
  const wanted = givenName.toLowerCase()
  const forms = new Set([wanted])
  for (const [name, short] of nicknames) {
    const all = [name, ...short].map((form) => form.toLowerCase())
    if (all.includes(wanted)) for (const form of all) forms.add(form)
  }
  return forms
}

/** Every given name of seeded patients: women's, men's, then the nicknames. Tables refer to them by position. */
export const givenNames: readonly string[] = [
  ...new Set([...femaleNames, ...maleNames, ...[...nicknames.values()].flat()]),
]

/** Every surname of seeded patients: the plain ones, then one with a hyphen for each of them, in the same order. */
export const seededSurnames: readonly string[] = [
  ...surnames,
  ...surnames.map((name, index) => `${name}-${surnames[hyphenatedWith(index)] ?? ''}`),
]

/** Position of another surname than the one at `index`. */
function hyphenatedWith(index: number): number {
  return (index + 1 + ((index * 7) % (surnames.length - 1))) % surnames.length
}

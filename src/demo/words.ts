/** The photographers of the site in the order of their ids: name, email, the day they joined. */
export const photographers: readonly (readonly [name: string, email: string, joined: string])[] = [
  ['Ida Lind', 'ida@lindfoto.example', '2023-02-06'],
  ['Ola Berg', 'ola.berg@fjellbilder.example', '2023-02-06'],
  ['Tove Aalto', 'tove@aalto.example', '2023-03-14'],
  ['Marta Nowak', 'marta.nowak@praga.example', '2023-05-02'],
  ['Yusuf Demir', 'yusuf@demir.example', '2023-05-19'],
  ['Carla Rossi', 'carla.rossi@cucina.example', '2023-09-01'],
  ['Jonas Weber', 'jonas@gipfel.example', '2023-10-23'],
  ['Aoife Byrne', 'aoife@byrne.example', '2024-01-08'],
  ['Søren Kjær', 'soren@kjaer.example', '2024-01-30'],
  ['Priya Raman', 'priya@raman.example', '2024-04-11'],
  ['Lucas Moreau', 'lucas@moreau.example', '2024-06-17'],
  ['Emi Sato', 'emi@sato.example', '2024-09-25'],
]

/** The tags of the site in the order of their ids. */
export const tags: readonly string[] = [
  'black and white',
  'colour',
  'portrait',
  'people',
  'street',
  'architecture',
  'sea',
  'mountains',
  'hiking',
  'food',
  'market',
  'music',
  'flowers',
  'animals',
  'dogs',
  'cats',
  'family',
  'night',
  'morning',
  'rain',
  'summer',
  'winter',
]

/** Closes a caption: "North quay, just after sunrise." */
export const moments: readonly string[] = [
  'with cold fingers',
  'one frame only',
  'the last frame of the roll',
  'with the old 35 mm',
  'handheld and a little too slow',
  'on a borrowed camera',
  'the second try',
  'waiting for the light',
  'ten minutes before it rained',
  'on the way home',
  'one Sunday in between',
  'shot through glass',
  'no flash, no tripod',
  'the first try',
  'when everybody else had left',
]

/** What a link's own caption says, where it has one. */
export const linkCaptions: readonly string[] = [
  'Everybody’s favourite',
  'The one on the postcard',
  'Printed 60 x 90 for the hallway',
  'Also on the cover of the spring leaflet',
  'Shown at the spring open house',
  'Opens the gallery on phones',
  'Thank you for sending this in!',
]

/** People who write comments. */
export const authors: readonly string[] = [
  'Anneke de Vries',
  'Ben Okafor',
  'Camille',
  'Dario P.',
  'Elif',
  'Frida H.',
  'Greg from Leeds',
  'Hanna Virtanen',
  'Ivo',
  'Jasmin K.',
  'Katarzyna',
  'Liam O’Shea',
  'Mei',
  'Nils',
  'Oona',
  'Pavel Horák',
  'Rosa M.',
  'Sanjay',
  'Tilde',
  'Ulrich',
  'Wanda',
  'Zoë Laurent',
]

/** The first half of a comment. */
export const openings: readonly string[] = [
  'Lovely light.',
  'I keep coming back to this one.',
  'Wow.',
  'This made my morning.',
  'So calm.',
  'Great timing!',
  'My favourite so far.',
  'I know exactly where this is!',
  'Beautifully seen.',
  'I had to look twice.',
  'Oh, this is good.',
  'Simple and perfect.',
]

/** The second half of a comment. */
export const remarks: readonly string[] = [
  'Which lens was it?',
  'Could I order it as a print, 30 x 40?',
  'The shadows do all the work.',
  'We walked past there in spring and saw none of this.',
  'My grandmother had the same view from her kitchen.',
  'Please do more of these.',
  'The colours look like an old postcard.',
  'Is there a series?',
  'It would look great on a book cover.',
  'How long did you wait for it?',
  'I would crop a bit tighter, but what do I know.',
  'Sent it to my sister at once.',
]

/** What visitors wrote under the gallery `pets`. */
export const petComments: readonly string[] = [
  'Otto is my neighbour’s dog. He is exactly like that.',
  'More tortoise, please.',
  'Is Pepper all right after the hoover?',
  'I show this gallery to my class every Friday.',
  'Our Lotte is in here! Thank you, thank you.',
  'The greyhound in pyjamas is the best photo on this site.',
  'Rufus left us last week. I am glad that he is here.',
  'Can I send you a picture of our rabbit?',
  'The cat who owns the bakery also owns the tram stop.',
  'Bella!!! She has not changed at all.',
  'Who is a good boy? Number 14 is.',
  'I printed three of these for my mother’s room.',
  'Seventh attempt sounds about right.',
  'Why are there no snakes? Asking for a friend.',
  'That yawn. I yawned back.',
  'Bruno and I agree about baths.',
  'Three cats, one chair, no survivors.',
  'Been following this since the first six photos. Never stop.',
  'Misty is hiding from the photographer, not from me.',
]

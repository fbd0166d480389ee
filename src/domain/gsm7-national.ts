export type NationalTable = 'turkish' | 'spanish' | 'portuguese'

import { z } from 'zod';

/** The languages that pages and mails speak, by ISO 639-1, as they call themselves. */
export const languageNames = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof languageNames;
export const languages = Object.keys(languageNames) as Language[];

/** What nobody has chosen. */
export const defaultLanguage: Language = 'en';

/** A language as it is stored: one that is no longer spoken is English. */
export const storedLanguage = z.enum(languages).catch(defaultLanguage);

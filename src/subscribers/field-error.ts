import type { z } from 'zod';

/** What is wrong with one field of a form or of JSON, in plain English. */
export interface FieldError {
  field: string;
  message: string;
}

/** A schema's first complaint about each field. */
export function fieldErrors(error: z.ZodError): FieldError[] {
  const byField = new Map<string, FieldError>();
  for (const { path, message } of error.issues) {
    const field = String(path[0] ?? '');
    if (!byField.has(field)) byField.set(field, { field, message });
  }
  return [...byField.values()];
}

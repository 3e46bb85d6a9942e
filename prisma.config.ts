import { defineConfig } from 'prisma/config';

// `prisma generate` fetches a schema-engine binary that it never runs. Pointing it at any existing file keeps the
// install free of downloads; migrations run without it (src/database/migrate.ts).
process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= process.execPath;

export default defineConfig({ schema: 'prisma/schema.prisma', migrations: { path: 'prisma/migrations' } });

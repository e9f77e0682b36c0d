export { commandSchema, FILE_SCHEMAS, fileSchema, isFileSchema, type JsonSchema } from '../../wire/json-schemas.ts';

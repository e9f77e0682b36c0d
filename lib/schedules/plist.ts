import { requirePlain } from './plain-text.ts';

/** What a property list holds, as far as we need it. Numbers are whole. */
export type PlistValue = string | number | boolean | readonly PlistValue[] | { readonly [key: string]: PlistValue };

const HEAD = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
`;

/** The text of a property list. Throws `bad_data` for what XML cannot hold. */
export function formatPlist(value: PlistValue): string {
  return `${HEAD}${element(value, '')}</plist>\n`;
}

function element(value: PlistValue, indent: string): string {
  if (typeof value === 'string') return `${indent}<string>${escapeXml(value)}</string>\n`;
  if (typeof value === 'boolean') return `${indent}<${value}/>\n`;
  if (typeof value === 'number') return `${indent}<integer>${value}</integer>\n`;
  const deeper = `${indent}\t`;
  if (isList(value)) return `${indent}<array>\n${value.map((one) => element(one, deeper)).join('')}${indent}</array>\n`;
  const pairs = Object.entries(value).map(([key, one]) => `${deeper}<key>${escapeXml(key)}</key>\n${element(one, deeper)}`);
  return `${indent}<dict>\n${pairs.join('')}${indent}</dict>\n`;
}

function isList(value: PlistValue): value is readonly PlistValue[] {
  return Array.isArray(value);
}

function escapeXml(text: string): string {
  return requirePlain('a value of the property list', text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

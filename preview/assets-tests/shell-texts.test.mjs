import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SHELL_TEXTS, shellText } from '../assets/shell-texts.js';

test('every language says everything, and not the same', () => {
  const { en, ...others } = SHELL_TEXTS;
  for (const [lang, texts] of Object.entries(others)) {
    assert.deepEqual(Object.keys(texts), Object.keys(en), lang);
    for (const key of Object.keys(en)) assert.notEqual(texts[key], en[key], `${lang} ${key}`);
  }
  assert.equal(shellText('id-ID', 'leave'), 'Tutup');
  assert.equal(shellText('de', 'leave'), 'Close it');
});

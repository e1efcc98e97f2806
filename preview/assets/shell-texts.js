// What the shell says over an app, in the languages that it speaks.

const EN = {
  away: 'Reconnecting…',
  busy: 'The app is busy.',
  leave: 'Close it',
  restart: 'Start it again',
  full: 'The app is not answering; what you do now is not sent.',
  'too-large': 'That is too long to be sent, and the app does not have it.',
  malformed: 'What you put in could not be read, and the app does not have it.',
  'not-taken': 'Something that you did could not be sent, and is left out.',
  forgotten: 'What you did last may not have arrived. Look before you do it again.',
};

const ID = {
  away: 'Menyambung kembali…',
  busy: 'Aplikasi sedang sibuk.',
  leave: 'Tutup',
  restart: 'Mulai lagi',
  full: 'Aplikasi tidak menjawab; yang Anda lakukan sekarang tidak dikirim.',
  'too-large': 'Teks itu terlalu panjang untuk dikirim, dan aplikasi tidak menerimanya.',
  malformed: 'Yang Anda masukkan tidak dapat dibaca, dan aplikasi tidak menerimanya.',
  'not-taken': 'Sesuatu yang Anda lakukan tidak dapat dikirim, dan dilewati.',
  forgotten: 'Yang terakhir Anda lakukan mungkin tidak sampai. Periksa dulu sebelum mengulanginya.',
};

/** The languages that there are, for the test that compares them. */
export const SHELL_TEXTS = { en: EN, id: ID };

/**
 * The text of a key.
 * @param {string} lang BCP 47; English where there is no other
 * @param {keyof typeof EN} key
 */
export function shellText(lang, key) {
  const primary = lang.split('-')[0].toLowerCase();
  return (primary === 'id' ? ID : EN)[key];
}

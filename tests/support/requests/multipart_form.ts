// A form with a field and a file in it, always with the same delimiter.

/** The text of the form. */
export const MULTIPART_TEXT: string = [
  "--delimiter",
  'Content-Disposition: form-data; name="a"',
  "",
  "1",
  "--delimiter",
  'Content-Disposition: form-data; name="file"; filename="note.txt"',
  "Content-Type: text/plain",
  "",
  "buy flour",
  "--delimiter--",
  "",
].join("\r\n");

/** Its media type. */
export const MULTIPART_TYPE = "multipart/form-data; boundary=delimiter";

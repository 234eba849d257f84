// A question to a server that may not be there: its silence is an answer in words, as its refusals are.
const SILENT = { error: "The server does not answer." };

export const orSilence = (answer) => answer.catch(() => SILENT);

/** What went wrong, in the server's own sentence (RFC 9457). */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    /** A sentence for a person, with the remedy. */
    message: string,
    /** HTTP status; 0 where no answer came. */
    readonly status: number,
    /** Stable name of what went wrong. */
    readonly code: string,
  ) {
    super(message);
  }
}

export const UNREACHABLE = "unreachable";

export function unreachable(): ApiError {
  return new ApiError("The server does not answer. It is tried again by itself.", 0, UNREACHABLE);
}

export async function problemOf(response: Response): Promise<ApiError> {
  const text = await response.text();
  return problemFrom(text, response.status);
}

/** From the body of an answer: a problem document, or whatever else a proxy in between may say. */
export function problemFrom(text: string, status: number): ApiError {
  const document = asObject(text);
  const sentence = document?.["detail"] ?? document?.["error"];
  const code = document?.["code"];
  return new ApiError(
    typeof sentence === "string" && sentence ? sentence : `The server answered with ${status}; try again in a moment.`,
    status,
    typeof code === "string" ? code : "unknown",
  );
}

/** The sentence of any error, for a notice. */
export function sentenceOf(error: unknown): string {
  return error instanceof ApiError ? error.message : "Something went wrong in this page. Load it anew and try again.";
}

function asObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

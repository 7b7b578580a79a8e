import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import type { ConsentChannel } from "@perennial/api-admin";

import type { Say } from "./words";

/** The ways on which somebody is reached. */
export const CHANNELS: Record<ConsentChannel, MessageDescriptor> = {
  email: msg`E-mail`,
  sms: msg`Text message`,
  phone: msg`Phone`,
  push: msg`Push message`,
  post: msg`Letter`,
  in_app: msg`In the app`,
  whatsapp: msg`WhatsApp`,
  telegram: msg`Telegram`,
  wechat: msg`WeChat`,
  kakaotalk: msg`KakaoTalk`,
  line: msg`LINE`,
};

/** Purposes that many shops have; a shop's own are shown by their names. */
export const PURPOSES: Record<string, MessageDescriptor> = {
  marketing: msg`Advertising`,
  newsletter: msg`Newsletter`,
  night_marketing: msg`Advertising at night`,
};

/** Where a consent may have been said to somebody at the desk. */
export const SAID_AT_DESK: Record<string, MessageDescriptor> = {
  till: msg`Till`,
  phone: msg`Phone`,
  email: msg`E-mail`,
  paper: msg`Paper form`,
};

const SOURCES: Record<string, MessageDescriptor> = {
  ...SAID_AT_DESK,
  web: msg`Website`,
  app: msg`App`,
  import: msg`Import`,
  api: msg`The shop's system`,
};

export function purposeOf(say: Say, purpose: string): string {
  const words = PURPOSES[purpose];
  return words === undefined ? purpose : say(words);
}

/** What may be sent and over which channel, as a case has it: `email.marketing`. */
export function subjectOf(say: Say, subject: string): string {
  const [channel = "", purpose = ""] = subject.split(".", 2);
  const words = (CHANNELS as Partial<Record<string, MessageDescriptor>>)[channel];
  return words === undefined ? subject : `${purposeOf(say, purpose)} (${say(words)})`;
}

export function sourceOf(say: Say, source: string): string {
  const words = SOURCES[source];
  return words === undefined ? source : say(words);
}

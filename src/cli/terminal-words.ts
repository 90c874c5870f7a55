/** The service's hints speak of its HTTP calls; whoever sits at a terminal types commands. */
const COMMANDS: readonly (readonly [RegExp, (org: string, message: string) => string])[] = [
  [/POST \/api\/start-session/g, (org) => `start ${org}`],
  [/POST \/api\/stop-session/g, (org) => `stop ${org}`],
  [/POST \/api\/restart-session/g, (org) => `restart ${org}`],
  [/POST \/api\/logout/g, (org) => `logout ${org}`],
  [/POST \/api\/force-clean-session/g, (org) => `clean ${org}`],
  [/POST \/api\/restore-session/g, (org) => `restore ${org}`],
  [/POST \/api\/other-phone-messages \{"action": "send"\}/g, (org) => `other-phone ${org} send`],
  [/POST \/api\/other-phone-messages \{"action": "cancel"\}/g, (org) => `other-phone ${org} cancel`],
  [/GET \/api\/qr\/:organization_id/g, (org) => `qr ${org}`],
  [/GET \/api\/status\/:organization_id/g, (org) => `status ${org}`],
  [/GET \/api\/backups\/:organization_id/g, (org) => `backups ${org}`],
  [/GET \/api\/messages\?organization_id=…/g, (org) => `messages ${org}`],
  [/GET \/api\/messages\/:message_id/g, (_org, message) => `message ${message}`],
  [/DELETE \/api\/messages\/:message_id/g, (_org, message) => `cancel ${message}`],
  [/GET \/api\/webhooks\/:webhook_id\/deliveries/g, () => 'webhooks deliveries <webhook>'],
  [/PATCH \/api\/webhooks\/:webhook_id \{"enabled": true\}/g, () => 'webhooks enable <webhook>'],
  [/DELETE \/api\/webhooks\/:webhook_id/g, () => 'webhooks remove <webhook>'],
  [/GET \/api\/webhooks(?![/?])/g, () => 'webhooks list'],
];

export interface Subject {
  readonly org?: string;
  readonly message?: string;
}

export function inTerminalWords(
  text: string,
  program: string,
  { org = '<org>', message = '<id>' }: Subject = {},
): string {
  return COMMANDS.reduce(
    (said, [call, command]) => said.replace(call, () => `\`${program} ${command(org, message)}\``),
    text,
  );
}

/** Ties a campaign's sealed texts to its row. */
export function textsContext(campaignId: string): string {
  return `sms_campaign.texts:${campaignId}`
}

/** Ties a list's sealed number to its row. */
export function numberContext(campaignId: string, position: number): string {
  return `sms_campaign_recipient.number:${campaignId}:${position}`
}

/** Ties a list's sealed fields to their row. */
export function fieldsContext(campaignId: string, position: number): string {
  return `sms_campaign_recipient.fields:${campaignId}:${position}`
}

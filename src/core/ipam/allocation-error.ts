export const ALLOCATION_REASONS = [
  'SubnetNotFound',
  'PoolNotFound',
  'AddressInvalid',
  'AddressOutOfRange',
  'AddressReserved',
  'AddressInUse',
  'NoAvailableAddress',
  'MacInUse',
] as const;
export type AllocationReason = (typeof ALLOCATION_REASONS)[number];

/** Why an interface gets no address: the message names subnet, address and owner, and says what to do. */
export class AllocationError extends Error {
  readonly reason: AllocationReason;

  constructor(reason: AllocationReason, message: string) {
    super(message);
    this.name = 'AllocationError';
    this.reason = reason;
  }
}

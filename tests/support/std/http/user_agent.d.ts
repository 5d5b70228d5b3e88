// The types of @std/http/user-agent: the package on npm comes without.

export interface Browser {
  readonly name: string | undefined;
  readonly version: string | undefined;
  readonly major: string | undefined;
}

export interface Device {
  readonly model: string | undefined;
  readonly type: string | undefined;
  readonly vendor: string | undefined;
}

export interface Engine {
  readonly name: string | undefined;
  readonly version: string | undefined;
}

export interface Os {
  readonly name: string | undefined;
  readonly version: string | undefined;
}

export interface Cpu {
  readonly architecture: string | undefined;
}

export class UserAgent {
  constructor(field: string | null);
  get browser(): Browser;
  get cpu(): Cpu;
  get device(): Device;
  get engine(): Engine;
  get os(): Os;
  get ua(): string;
}

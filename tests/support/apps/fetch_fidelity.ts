// The cases of the fidelity suite as `deno serve` and the command line take them. It knows nothing
// of Mudpie.

import { CASES, PROGRAMS } from "../../programs/fetch_fidelity/cases.ts";
import { FidelityApplication } from "../fetch_fidelity/application.ts";

export default new FidelityApplication({ ...CASES, ...PROGRAMS });

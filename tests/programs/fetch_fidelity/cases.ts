// All cases of the fidelity suite.

import type { FidelityCases } from "../../support/fetch_fidelity/fidelity_case.ts";
import { frameworks } from "./frameworks.ts";
import { keptRequests } from "./kept_requests.ts";
import { packages } from "./packages.ts";
import { programs } from "./programs.ts";
import { requestBodies } from "./request_bodies.ts";
import { requestCopies } from "./request_copies.ts";
import { requestHeaders } from "./request_headers.ts";
import { requestIdentity } from "./request_identity.ts";
import { requestMembers } from "./request_members.ts";
import { requestUrls } from "./request_urls.ts";
import { responseBodies } from "./response_bodies.ts";
import { responseFields } from "./response_fields.ts";
import { responseUses } from "./response_uses.ts";
import { signals } from "./signals.ts";

/** The cases by subject. */
const SUBJECTS: Readonly<Record<string, FidelityCases>> = {
  "members of a Request": requestMembers,
  "a Request as an object": requestIdentity,
  "the body of a Request": requestBodies,
  "copies of a Request": requestCopies,
  "the headers of a Request": requestHeaders,
  "the URL of a Request": requestUrls,
  "the signal of a Request": signals,
  "a Request that is kept": keptRequests,
  "the body of a Response": responseBodies,
  "the fields of a Response": responseFields,
  "a Response as an object": responseUses,
  "what frameworks do": frameworks,
  "what packages do": packages,
};

/** All cases, each under its subject and its name. */
export const CASES: FidelityCases = underSubjects(SUBJECTS);

/** The cases whose data a property generates. */
export const PROGRAMS: FidelityCases = underSubjects({ programs });

function underSubjects(subjects: Readonly<Record<string, FidelityCases>>): FidelityCases {
  return Object.fromEntries(
    Object.entries(subjects).flatMap(([subject, cases]) =>
      Object.entries(cases).map(([name, fidelityCase]) => [`${subject}: ${name}`, fidelityCase])
    ),
  );
}

// A careful client of AFAS Profit for Node 18 or newer, without dependencies: the twin of ../python/careful.py.
// Amounts are strings such as "330.58", dates ISO text in Amsterdam wall-clock time, as Profit means them.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

// Names that are facts: keys to order rows by, connectors of features, what differs between buying and selling.
export const NAMES = JSON.parse(readFileSync(new URL("../names.json", import.meta.url), "utf8"));
export const { purchase: PURCHASE, sales: SALES } = NAMES;
const EQUAL = 1, AT_LEAST = 2, AT_MOST = 3, STARTS = 10;
const MOST_QUERY = 2_049, MOST_CELLS = 150_000, MOST_LINES = 1_000, MOST_DOCUMENT = 10 * 2 ** 20;
const DIGITS = 8, CENT = 10n ** BigInt(DIGITS - 2);

// What went wrong, for the user. wait: try again never (null), after growing waits (0), after that many seconds.
export class Failed extends Error {
  constructor(message, { reference = "", outcome = "rejected", wait = null } = {}) {
    super(message);
    Object.assign(this, { reference, outcome, wait });
  }
}

// Decimals in whole units of 0.00000001: floating point would lose cents.
const exact = (text) => {
  const [, sign, whole, part] = /^\0?(-?)(\d*)\.?(\d*)$/.exec(String(text)) ?? [];
  if (whole === undefined) throw new Failed(`'${text}' is not an amount`);
  const size = BigInt(whole + part.slice(0, DIGITS).padEnd(DIGITS, "0"));
  return sign ? -size : size;
};
const size = (number) => (number < 0n ? -number : number);
const shown = (number) => {
  const digits = String(size(number)).padStart(DIGITS + 1, "0");
  const part = digits.slice(-DIGITS).replace(/0+$/, "").padEnd(2, "0");
  return `${number < 0n ? "-" : ""}${digits.slice(0, -DIGITS)}.${part}`;
};
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0n);

// JSON whose decimals keep all digits: parsed they are texts behind a NUL, written they are numbers again. Before
// Profit 7 they can be written -.5, which JSON does not know.
export const parsed = (text) =>
  JSON.parse(text.replace(/"(?:[^"\\]|\\.)*"|-?\d*\.\d+(?:[eE][+-]?\d+)?|-?\d{16,}/g, (found) =>
    found[0] === '"' ? found : `"\\u0000${found.replace(/^(-?)\./, "$10.")}"`));
const tried = (text) => {
  try { return parsed(text) ?? {}; } catch { return {}; } // where the status of the answer says enough
};
export const written = (value) => JSON.stringify(value).replace(/"\\u0000([^"]+)"/g, "$1");

// An element of a body, without the fields that have no value and without the objects that are empty.
const element = (fields, objects = {}) => {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  const below = Object.entries(objects).flatMap(([name, each]) => (each ? [[name, { Element: each }]] : []));
  return { Fields: Object.fromEntries(given), Objects: Object.fromEntries(below) };
};
const plain = (value) => String(value ?? "").normalize("NFC").replaceAll(" ", "");

// One environment, by its token. Calls are made one after the other: Profit takes five at once.
export class CarefulClient {
  pageSize = 100; attempts = 5;
  // Seconds for one answer, for the longest wait that we are told and obey, and for one operation.
  timeout = 6; patience = 3; budget = 8.5;

  constructor({ base_url, token, language, integration_id }) {
    Object.assign(this, { baseUrl: base_url, token, language, integrationId: integration_id, definitions: new Map() });
    this.begin();
  }

  // An operation starts: what the environment offers is asked anew, since its licence may have changed.
  begin = () => Object.assign(this, { connectors: null, ends: Date.now() + this.budget * 1000 });

  // ---- one call

  headers() {
    const Authorization = `AfasToken ${Buffer.from(this.token).toString("base64")}`;
    const language = { nl: "nl-nl", en: "en-us" }[this.language] ?? this.language;
    const named = { "Accept-Language": language, "Content-Type": "application/json; charset=utf-8" };
    return { Authorization, IntegrationId: this.integrationId, ...named };
  }

  async send(method, path, query = "", body = undefined) {
    const signal = AbortSignal.timeout(Math.max(500, Math.min(this.timeout * 1000, this.ends - Date.now())));
    const content = body === undefined ? undefined : JSON.stringify(body);
    let answer, text;
    try {
      const options = { method, body: content, headers: this.headers(), signal };
      answer = await fetch(`${this.baseUrl}/${path}${query}`, options);
      text = await answer.text();
    } catch (error) {
      throw this.unanswered(`${method} ${path}`, error.cause?.message ?? error.message);
    }
    if (!answer.ok) throw this.refusal(answer, text, `${method} ${path}`);
    try {
      return text ? parsed(text) : {};
    } catch {
      throw this.unanswered(`${method} ${path}`, "the answer is damaged");
    }
  }

  // Nobody knows whether a write was carried out.
  unanswered = (call, why) => new Failed(`No usable answer to ${call}: ${why}`, { outcome: "unknown", wait: 0 });

  // What an error status means. The message is for the user, its reference for AFAS' support.
  refusal(answer, text, call) {
    const body = tried(text), { status } = answer;
    const { externalMessage: message, profitLogReference: reference } = body;
    if (status === 503 || status === 429) {
      const told = String(body.retry_after ?? answer.headers.get("Retry-After") ?? "").replace("\0", "");
      const said = `AFAS is not available (status ${status}); it says to try again in ${told || "?"} seconds`;
      return new Failed(said, { wait: /^[\d.]+$/.test(told) ? Number(told) : 1 });
    }
    if (status >= 500 && !message) return this.unanswered(call, `status ${status} without a reason`);
    if (!message) {
      const why = { 401: "the token is not accepted", 403: "no access from this address or for this user" }[status];
      return new Failed(`AFAS refused ${call} with status ${status}: ${body.message ?? why ?? "?"}`);
    }
    if (/(vergrendeld|geblokkeerd|in gebruik|locked|in use).*(gebruiker|user)/i.test(message))
      return new Failed(message, { reference, wait: 0 }); // another user has the booking layout open
    const running = /maximale tijdsduur|maximum duration|timeout expired/i.test(message);
    return new Failed(message, { reference, outcome: running ? "unknown" : "rejected" });
  }

  // ---- again, or not

  // Seconds until the next try; null when that makes no sense: refusals (401, 403, validation) are final.
  wait(error, attempt) {
    if (!(error instanceof Failed) || error.wait === null || error.wait > this.patience) return null;
    if (attempt >= this.attempts) return null;
    const seconds = error.wait || 0.1 * 2 ** attempt;
    return Date.now() + seconds * 1000 < this.ends ? seconds : null;
  }

  // Tries until there is an answer; after each unknown outcome it looks whether it was carried out all along.
  async persist(attempt, look = async () => null) {
    for (let number = 1, doubt = false; ; number++) {
      try {
        return await attempt();
      } catch (error) {
        doubt ||= error.outcome === "unknown";
        const seconds = this.wait(error, number);
        if (seconds) await sleep(seconds * 1000);
        const worth = seconds || (doubt && !error.wait); // not while AFAS asks to stay away
        const done = worth && (await look().catch((why) => this.failed("Looking whether it was done", why)));
        if (done) return done;
        if (seconds === null) throw doubt && error.wait ? Object.assign(error, { outcome: "unknown" }) : error;
      }
    }
  }

  // An operation that may have been carried out in part, or wholly.
  failed(what, { message, reference }) {
    throw new Failed(`${what} failed: ${message}`, { reference, outcome: "unknown" });
  }

  // The list `key` in an answer: an answer without it is none.
  get(path, key, query = "") {
    return this.persist(async () => {
      const found = await this.send("GET", path, query);
      if (!Array.isArray(found?.[key])) throw this.unanswered(`GET ${path}`, `no ${key} in the answer`);
      return found[key];
    });
  }

  // Sends an element to an UpdateConnector; gives the keys of what was made, or what `look` finds of it.
  write(method, connector, body, look) {
    const root = connector === "FiEntries" ? "FiEntryPar" : connector;
    return this.persist(async () => {
      const answer = await this.send(method, `connectors/${connector}`, "", { [root]: { Element: body } });
      const keys = (answer?.results ?? answer)?.[root]; // some answers lack "results"
      if (method === "POST" && typeof keys !== "object")
        throw this.unanswered(`POST ${connector}`, "the answer names no keys");
      return keys ?? {};
    }, look);
  }

  // ---- reading

  async has(connector) {
    this.connectors ??= new Set((await this.get("metainfo", "getConnectors")).map(({ id }) => id.toLowerCase()));
    return this.connectors.has(connector.toLowerCase());
  }

  // A licence that lacks a feature lacks its connectors.
  async features() {
    await this.has("");
    const has = (connector) => this.connectors.has(connector.toLowerCase());
    return Object.fromEntries(Object.entries(NAMES.features).map(([name, own]) => [name, own.every(has)]));
  }

  async fields(connector) {
    if (!(await this.has(connector))) {
      const [feature] = Object.entries(NAMES.features).find(([, own]) => own.includes(connector)) ?? [];
      throw new Failed(`This environment does not offer ${connector}${feature ? `: it has no ${feature}` : ""}`);
    }
    if (!this.definitions.has(connector))
      this.definitions.set(connector, await this.get(`metainfo/get/${connector}`, "fields"));
    return this.definitions.get(connector);
  }

  // Without an order, pages come in different ones: rows would be missed, and others met twice.
  async order(connector) {
    const present = (await this.fields(connector)).filter(({ dataType }) => dataType !== "blob").map(({ id }) => id);
    return NAMES.keys[connector]?.every((name) => present.includes(name)) ? NAMES.keys[connector] : present;
  }

  // Lists; as JSON where a value holds one of the characters between the elements of lists.
  filter(filters) {
    if (filters.some(([, , value]) => /[,;]/.test(value))) {
      const field = ([id, how, value]) => ({ "@FieldId": id, "@OperatorType": `${how}`, "#text": `${value}` });
      return { filterjson: JSON.stringify({ Filters: { Filter: [{ "@FilterId": "1", Field: filters.map(field) }] } }) };
    }
    const lists = filters.length ? { filterfieldids: 0, filtervalues: 2, operatortypes: 1 } : {};
    const joined = ([name, at]) => [name, filters.map((each) => each[at]).join()];
    return Object.fromEntries(Object.entries(lists).map(joined));
  }

  async query(connector, filters, skip, take) {
    const asked = { skip, take, orderbyfieldids: (await this.order(connector)).join(), ...this.filter(filters) };
    const pairs = Object.entries(asked).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
    const text = `?${pairs.join("&")}`.replaceAll("%2C", ",");
    if (text.length > MOST_QUERY) throw new Failed(`The query to ${connector} would be longer than AFAS takes`);
    return text;
  }

  // All rows, each once; columns times rows of a page stay below 150,000. A page begins with the last row of the one
  // before, which shows what has moved since.
  async rows(connector, filters = []) {
    const key = await this.order(connector), columns = (await this.fields(connector)).length, all = new Map();
    const take = Math.max(2, Math.min(this.pageSize, Math.floor((MOST_CELLS - 1) / columns)));
    for (let skip = 0, last = null; ; ) {
      const page = await this.get(`connectors/${connector}`, "rows", await this.query(connector, filters, skip, take));
      const known = page.map((row) => JSON.stringify(key.map((name) => row[name])));
      if (last !== null && !known.includes(last) && skip) {
        skip = Math.max(0, skip - take + 1); // rows before this page have gone: step back until it is there again
        continue;
      }
      known.forEach((id, at) => all.has(id) || all.set(id, page[at])); // rows that come in move others to a later page
      if (page.length < take) return [...all.values()];
      last = known.at(-1);
      skip += take - 1;
    }
  }

  // At or after a moment: times have fractions that are not shown, so "equal" would not find what it showed. Profit
  // ends dates in Z, yet they are Amsterdam wall-clock time: the Z goes, and nothing is converted.
  async read({ connector, changed_since }) {
    const dates = (await this.fields(connector)).filter(({ dataType }) => dataType === "date").map(({ id }) => id);
    const changed = changed_since ? dates.filter((id) => /^modif/i.test(id)).slice(0, 1) : [];
    const rows = await this.rows(connector, changed.map((id) => [id, AT_LEAST, changed_since.replace(/Z$/, "")]));
    for (const row of rows) for (const id of dates) if (row[id]) row[id] = row[id].replace(/Z$/, "");
    return { rows };
  }

  async connect() {
    const shownAs = ({ AdminId, AdminNm }) => ({ id: AdminId, name: AdminNm });
    return { administrations: (await this.rows("Zenvoices_AdministrationDetails")).map(shownAs) };
  }

  // ---- relations

  // A filter that fits into any query; what it finds is compared in full afterwards.
  starting(field, value) {
    const whole = encodeURIComponent(value).length < 500;
    return whole ? [field, EQUAL, value] : [field, STARTS, [...value].slice(0, 40).join("")];
  }

  async findRelation(side, wanted) {
    const pairs = { [side.name]: "name", [side.vat]: "vat_number", ChOfCommNr: "coc_number", IBAN: "iban" };
    Object.assign(pairs, { ZipCode: "postal_code", Recidence: "city", Address: "street" });
    const same = (row) => ([field, name]) => !wanted[name] || plain(row[field]) === plain(wanted[name]);
    const rows = await this.rows(side.rows, [this.starting(side.name, wanted.name)]);
    const found = rows.find((row) => Object.entries(pairs).every(same(row)));
    return found ? { [side.key]: found[side.id] } : null;
  }

  // AFAS has its own codes, such as D for Germany; callers may know ISO's.
  async country(code) {
    const rows = await this.rows("Zenvoices_Countries");
    return (rows.find((row) => row.CoId === code) ?? rows.find((row) => row.ISOCode === code))?.CoId ?? code;
  }

  // The element of a relation, with what was given; `old` is the row of one that exists.
  async relation(side, given, old) {
    const { currencies } = await this.features(), fresh = !old, { iban } = given;
    const organisation = { Nm: given.name, CcNr: given.coc_number, MatchOga: fresh ? "6" : "0", BcCo: old?.BcCo };
    if (fresh) Object.assign(organisation, { AutoNum: true, PadAdr: true });
    const moved = ["street", "house_number", "postal_code", "city", "country"].some((name) => given[name]);
    const added = iban && plain(iban) !== plain(old?.IBAN); // sent again, it would be a second account
    const account = added && element({ CoId: await this.country(iban.slice(0, 2)), Iban: iban, IbCk: true });
    const address = moved && element(await this.address(given, old ?? {}));
    const whole = element(organisation, { KnBasicAddressAdr: address, KnBankAccount: account });
    const currency = (currencies && given.currency) || (fresh ? await this.ownCurrency() : undefined);
    const fields = { CuId: currency, PaCd: given.payment_condition, VaId: given.vat_number };
    return { [`@${side.key}`]: old?.[side.id] ?? "", ...element(fields, { KnOrganisation: whole }) };
  }

  // A whole address: Profit empties what is left out, so an existing one fills the gaps.
  async address(given, old) {
    const [, number, addition] = given.house_number ? /^(\d*)\s*(.*)$/s.exec(given.house_number) : [];
    const country = given.country ? await this.country(given.country) : old.Country;
    const kept = { HmNr: old.Number, HmAd: old.NumberAdd };
    const house = given.house_number ? { HmNr: number || null, HmAd: addition || null } : kept;
    const place = { ZpCd: given.postal_code ?? old.ZipCode, Rs: given.city ?? old.Recidence, ResZip: false };
    return { CoId: country, PbAd: false, Ad: given.street ?? old.Address, ...house, ...place };
  }

  async ownCurrency(administration = null) {
    const rows = await this.rows("Zenvoices_AdministrationDetails");
    return rows.find((row) => administration === null || `${row.AdminId}` === `${administration}`)?.CurrencyId ?? "EUR";
  }

  // Looks before it creates, so that a relation exists once; looks again when an answer gets lost.
  async create(side, given) {
    const look = () => this.findRelation(side, given);
    const create = async () => this.write("POST", side.connector, await this.relation(side, given, null), look);
    return { [side.argument]: ((await look()) ?? (await create()))[side.key] };
  }

  async updateSupplier({ supplier_id, ...given }) {
    const body = {};
    // What is to change of what is there now: an IBAN whose answer got lost is not added again.
    const current = async () => {
      const [old] = await this.rows(PURCHASE.rows, [[PURCHASE.id, EQUAL, supplier_id]]);
      Object.assign(body, await this.relation(PURCHASE, given, old ?? { [PURCHASE.id]: supplier_id }));
    };
    await current();
    await this.write("PUT", PURCHASE.connector, body, current);
    return { supplier_id };
  }

  // ---- invoices

  // Financial year and period of a date: a year need not be a calendar year, nor a period a month.
  async period(administration, date) {
    const filters = [["Unit", EQUAL, `${administration}`], ["DateFrom", AT_MOST, date], ["DateTo", AT_LEAST, date]];
    const [found] = await this.rows("Zenvoices_Periods", filters);
    return found ? [found.Year, found.Period] : [Number(date.slice(0, 4)), Number(date.slice(5, 7))];
  }

  // How much of the invoice's currency one of the administration's is; null for its own currency.
  async rate({ administration, currency, rate }) {
    if (!currency || currency === (await this.ownCurrency(administration))) return null;
    if (!(await this.features()).currencies)
      throw new Failed(`This environment has no currencies: an invoice in ${currency} cannot be booked`);
    if (rate) return exact(rate);
    const [found] = await this.rows("Zenvoices_Currencies", [["CurrencyId", EQUAL, currency]]);
    return exact(found ? found.DailyRate ?? found.Exchange_Rate : 1);
  }

  // An amount on its side; what is below zero, as on a credit invoice, stands on the other.
  amount = (value, debit, names = ["AmDe", "AmCr"]) => ({ [names[debit === value < 0n ? 1 : 0]]: shown(size(value)) });

  // VAT is a line of its own on the VAT account, with the amount of the invoice: it is not computed again.
  async taxLines(lines) {
    const totals = new Map();
    for (const { tax_amount, tax_account, tax_code } of lines) {
      if (!tax_amount || exact(tax_amount) === 0n) continue;
      const rows = tax_account ? [] : await this.rows("Zenvoices_TaxCodes", [["VatCode", EQUAL, tax_code]]);
      const account = tax_account ?? rows[0]?.AccountNr, key = `${account} ${tax_code}`;
      totals.set(key, { account, tax_code, amount: (totals.get(key)?.amount ?? 0n) + exact(tax_amount) });
    }
    return [...totals.values()].map((line) => ({ ...line, amount: shown(line.amount) }));
  }

  // Amounts in the administration's currency. What rounding leaves goes to the largest: an entry balances.
  inBase(amounts, total, rate) {
    const base = (amount) => {
      const cents = (size(amount) * 200n + rate) / (2n * rate); // half up
      return (amount < 0n ? -cents : cents) * CENT;
    };
    const found = amounts.map(base);
    if (sum(amounts) !== total) return found;
    const largest = found.reduce((best, each, at) => (size(each) > size(found[best]) ? at : best), 0);
    found[largest] += base(total) - sum(found);
    return found;
  }

  // A line on a ledger account, with nothing in it of features that the environment lacks.
  line(line, amount, debit, has) {
    const project = has.projects ? line.project : undefined;
    const allocations = Object.entries((has.allocation && line.allocations) || {});
    const codes = Object.fromEntries(allocations.map(([axis, code]) => [`DiC${axis}`, code]));
    const costs = project && line.item && element({ PrId: project, ItCd: line.item, AmCo: shown(amount), Qu: 1 });
    const fields = { VaAs: "1", AcNr: line.account, ...this.amount(amount, debit), VaId: line.tax_code };
    Object.assign(fields, { Ds: line.description, PrId: project, CmNo: has.commitments ? line.commitment : undefined });
    return element(fields, { FiDimEntries: allocations.length && element(codes), FiPrjEntries: costs });
  }

  // The element of FiEntries.
  async entry(side, given) {
    const debit = side === PURCHASE, total = exact(given.total);
    const rate = await this.rate(given), has = await this.features();
    const lines = [...given.lines, ...(await this.taxLines(given.lines))], number = given.invoice_number;
    if (lines.length >= MOST_LINES)
      throw new Failed(`An entry of ${lines.length + 1} lines is more than the ${MOST_LINES} that AFAS advises`);
    let amounts = lines.map((line) => exact(line.amount)), whole = total;
    const head = { VaAs: side.kind, AcNr: given[side.argument], InId: number, BpNr: number, Judg: given.reviewer };
    if (rate) {
      Object.assign(head, { CuId: given.currency, Rate: shown(rate), ...this.amount(total, !debit, ["AmDc", "AmCc"]) });
      [amounts, [whole]] = [this.inBase(amounts, total, rate), this.inBase([total], total, rate)];
    }
    Object.assign(head, { DaEx: given.due_date, BlPa: given.blocked || undefined, ...this.amount(whole, !debit) });
    const shared = { Ds: given.description, EnDa: given.invoice_date, BpDa: given.invoice_date };
    const made = [element(head), ...lines.map((line, at) => this.line(line, amounts[at], debit, has))];
    for (const each of made) each.Fields = { ...shared, ...each.Fields };
    const [year, period] = await this.period(given.administration, given.invoice_date);
    const top = { Year: year, Peri: period, UnId: given.administration, JoCo: given.journal };
    return element(top, { FiEntries: made });
  }

  // The keys of an invoice that is booked already.
  async findInvoice(side, given) {
    const wanted = [`${given.administration}`, given[side.argument], given.invoice_number];
    const [row] = await this.rows(side.invoices, side.invoice.map((name, at) => [name, EQUAL, wanted[at]]));
    return row ? { EnNo: row.EntryNo, InId: wanted[2] } : null;
  }

  // Checks the document, books, and attaches the document to what was booked.
  async book(side, given) {
    if (given.document) this.content(given.document);
    const there = await this.findInvoice(side, given); // what is there before cannot be ours
    const look = there ? undefined : () => this.findInvoice(side, given);
    const keys = await this.write("POST", "FiEntries", await this.entry(side, given), look);
    const made = { entry_number: `${keys.EnNo}`, invoice_number: keys.InId };
    if (!given.document) return made;
    const about = `Entry ${keys.EnNo} is booked, but attaching its document`;
    return { ...made, ...(await this.attach(side, given, given.document).catch((why) => this.failed(about, why))) };
  }

  // Repeating it does no harm.
  releaseInvoice = ({ administration: UnId, supplier_id: DcNr, invoice_number: InId }) =>
    this.write("PUT", "FiInvoice", element({ UnId, VaAd: PURCHASE.kind, DcNr, InId, BlPa: false }));

  // ---- documents

  // The document in base64, once its name and size are such that the integration takes it.
  content({ file_name, content_base64 }) {
    if (!NAMES.document_types.includes(/\.(\w+)$/.exec(file_name)?.[1].toLowerCase()))
      throw new Failed(`'${file_name}' is of a type that cannot be attached to an invoice`);
    const content = Buffer.from(content_base64, "base64");
    if (content.toString("base64") !== content_base64) throw new Failed(`The content of '${file_name}' is not base64`);
    if (content.length > MOST_DOCUMENT)
      throw new Failed(`'${file_name}' has ${content.length} bytes; a document has at most ${MOST_DOCUMENT}`);
    return content_base64;
  }

  // A dossier item with the document, linked to the invoice.
  async attach(side, given, document) {
    const { administration, invoice_number } = given, relation = given[side.argument], [unit, type, id] = side.link;
    const about = `${document.file_name}: ${invoice_number} / ${relation} / ${administration}`.slice(0, 255);
    const link = { SfTp: side.destination, SfId: relation, [unit]: administration, [type]: "1", [id]: invoice_number };
    const file = { FileName: document.file_name, FileStream: this.content(document) };
    const objects = { KnSubjectLink: element(link), KnSubjectAttachment: element(file) };
    const before = await this.subjects(side, about);
    const look = async () => {
      const made = (await this.subjects(side, about)).find((subject) => !before.includes(subject));
      return made ? { SbId: made } : null;
    };
    const keys = await this.write("POST", "KnSubject", element({ StId: side.subject_type, Ds: about }, objects), look);
    return { subject_id: `${keys.SbId}` };
  }

  async subjects(side, about) {
    const rows = await this.rows("ProfitSubjects", [["SbTy", EQUAL, side.subject_type], this.starting("Ds", about)]);
    return rows.filter((row) => row.Ds === about).map((row) => row.SbId);
  }
}

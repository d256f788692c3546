// Lets the contract suite drive the careful client: JSON lines on stdin and stdout, and nothing else on stdout.
import { createInterface } from "node:readline";
import { CarefulClient, Failed, NAMES, PURCHASE, SALES, written } from "./careful.mjs";

const OPERATIONS = {
  connect: (client) => client.connect(),
  features: (client) => client.features(),
  read: (client, given) => client.read(given),
  create_supplier: (client, given) => client.create(PURCHASE, given),
  create_customer: (client, given) => client.create(SALES, given),
  update_supplier: (client, given) => client.updateSupplier(given),
  book_purchase_invoice: (client, given) => client.book(PURCHASE, given),
  book_sales_invoice: (client, given) => client.book(SALES, given),
  release_invoice: (client, given) => client.releaseInvoice(given),
  attach_document: (client, given) => client.attach(PURCHASE, given, given),
};

// The answer to one operation.
async function ran(client, operation, given) {
  if (!(operation in OPERATIONS)) return { skipped: { reason: `this client knows no ${operation}` } };
  client.begin();
  try {
    return { ok: await OPERATIONS[operation](client, given) };
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    return { failed: { message: error.message, log_reference: error.reference || undefined, outcome: error.outcome } };
  }
}

let client = null;
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  if (command.cmd === "stop") break;
  if (command.cmd === "start") client = new CarefulClient(command);
  const about = { name: "careful", version: "1.0", language: "Node" };
  const answer =
    command.cmd === "start"
      ? { ok: { ...about, operations: Object.keys(OPERATIONS), features: Object.keys(NAMES.features) } }
      : { seq: command.seq, ...(await ran(client, command.operation, command.arguments)) };
  process.stdout.write(`${written(answer)}\n`);
}
process.exit(0);

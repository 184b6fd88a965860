// Reads panels with their data as JSON from stdin, does with them what Grafana's own package does before it draws, and prints for
// each panel the frames: names of fields, values, and how each value is written. argv[2]: folder of the package @grafana/data.
globalThis.navigator ??= { language: 'id-ID', languages: ['id-ID'] }; // the package asks the browser for its language
const data = require(process.argv[2]);
globalThis.window ??= globalThis; // only now: while it loads, a browser would be expected to have a document
const lazy = Number(require(`${process.argv[2]}/package.json`).version.split('.')[0]) > 9; // newer ones fetch a transformation when asked
const unique = new Map(Object.values(data.standardTransformers).map((t) => [t.id, t]));
const known = [...unique.values()].map((t) => ({ id: t.id, name: t.name, aliasIds: t.aliasIds, transformation: lazy ? () => Promise.resolve(t) : t, editor: null, description: '' }));
data.standardTransformersRegistry.setInit(() => known);
const theme = data.createTheme();
const values = (field) => Array.from(field.values.toArray ? field.values.toArray() : field.values);
const context = { interpolate: (text) => text };

function written(frame, field, fieldConfig) {
  const name = data.getFieldDisplayName(field, frame);
  const config = { ...fieldConfig.defaults, ...field.config };
  for (const rule of fieldConfig.overrides) {
    if (rule.matcher.options === name) for (const one of rule.properties) config[one.id] = one.value;
  }
  const show = data.getDisplayProcessor({ field: { ...field, config }, theme, timeZone: 'Asia/Makassar' });
  return values(field).slice(0, 50).map((value) => data.formattedValueToString(show(value)));
}

async function shown(panel) {
  const frames = panel.frames.map((frame) => data.toDataFrame(frame));
  const result = await new Promise((resolve, reject) =>
    data.transformDataFrame(panel.transformations, frames, context).subscribe({ next: resolve, error: reject })
  );
  return {
    title: panel.title,
    frames: result.map((frame) =>
      frame.fields.map((field) => ({
        name: data.getFieldDisplayName(field, frame),
        nan: values(field).some((value) => typeof value === 'number' && !Number.isFinite(value)),
        values: values(field),
        texts: written(frame, field, panel.fieldConfig),
      }))
    ),
  };
}

let text = '';
process.stdin.on('data', (part) => (text += part));
process.stdin.on('end', async () => {
  const all = [];
  for (const panel of JSON.parse(text)) all.push(await shown(panel));
  process.stdout.write(JSON.stringify(all));
});

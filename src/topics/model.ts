/**
 * Learned weights of words for topics: a linear classifier for each topic. As a file it is text: a header in JSON, then a line for
 * each word with a character for each topic, then one for each pair of words with two characters for each topic that it has a
 * weight for (which, and how much). A character is one of 64 steps of the topic's scale, so that half a megabyte holds it all.
 */
export interface Model {
  topics: TopicModel[];
  /** By word: a weight for each topic. */
  words: Map<string, Float64Array>;
  /** By pair of words: the topics that it has a weight for, by their places. */
  pairs: Map<string, { topic: number; weight: number }[]>;
  /** For a topic that has learned nothing, from what its definition finds. */
  untrained: { bias: number; title: number; text: number; threshold: number };
}

export interface TopicModel {
  slug: string;
  bias: number;
  /** What a hit of the definition of each topic counts for in the title and in the text, in the order of `topics`. */
  definitions: [title: number, text: number][];
  /** From a score to a probability: 1 / (1 + exp(-(slope * score + offset))) (Platt 1999). */
  slope: number;
  offset: number;
  /** The probability from which a paper belongs to the topic. */
  threshold: number;
  /** The weight of the largest character. */
  scale: number;
}

/** How probable a score makes it that a paper belongs to a topic. */
export function probabilityOf({ slope, offset }: Pick<TopicModel, 'slope' | 'offset'>, score: number): number {
  return 1 / (1 + Math.exp(-(slope * score + offset)));
}

/** Characters of weights: '0' to 'o'; 'P' is nothing. */
const firstCode = '0'.charCodeAt(0);
const zero = 32;
const most = 31;
/** Characters of topics: from '!' on, as many as there may ever be. */
const firstTopic = '!'.charCodeAt(0);
const mostTopics = 90;

const stepOf = (weight: number, scale: number) => Math.max(-most, Math.min(most, Math.round((weight / scale) * most)));

/** @throws Error where there are too many topics */
export function writeModel({ topics, words, pairs, untrained }: Model): string {
  if (topics.length > mostTopics) throw new Error(`A model holds at most ${mostTopics} topics`);
  const code = (weight: number, topic: number) =>
    String.fromCharCode(firstCode + zero + stepOf(weight, topics[topic]?.scale ?? 1));
  const lines = [JSON.stringify({ topics, untrained, words: words.size })];
  for (const [word, weights] of words) lines.push(`${word}\t${[...weights].map(code).join('')}`);
  for (const [pair, weights] of pairs) {
    const told = weights.filter(({ topic, weight }) => stepOf(weight, topics[topic]?.scale ?? 1) !== 0);
    const codes = told.map(({ topic, weight }) => String.fromCharCode(firstTopic + topic) + code(weight, topic));
    if (codes.length > 0) lines.push(`${pair}\t${codes.join('')}`);
  }
  return `${lines.join('\n')}\n`;
}

/** @param text what `writeModel` wrote */
export function readModel(text: string): Model {
  const [header = '', ...lines] = text.trimEnd().split('\n');
  const {
    topics,
    untrained,
    words: wordCount,
  } = JSON.parse(header) as Pick<Model, 'topics' | 'untrained'> & { words: number };
  const weightOf = (code: number, topic: number) => ((code - firstCode - zero) / most) * (topics[topic]?.scale ?? 1);
  const words: Model['words'] = new Map();
  const pairs: Model['pairs'] = new Map();
  for (const [i, line] of lines.entries()) {
    const [term = '', codes = ''] = line.split('\t');
    if (i < wordCount)
      words.set(
        term,
        Float64Array.from(codes, (code, topic) => weightOf(code.charCodeAt(0), topic)),
      );
    else pairs.set(term, pairWeights(codes, weightOf));
  }
  return { topics, words, pairs, untrained };
}

function pairWeights(codes: string, weightOf: (code: number, topic: number) => number) {
  return Array.from({ length: codes.length / 2 }, (_, i) => {
    const topic = codes.charCodeAt(2 * i) - firstTopic;
    return { topic, weight: weightOf(codes.charCodeAt(2 * i + 1), topic) };
  });
}

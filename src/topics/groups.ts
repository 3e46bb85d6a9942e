import type { TextKey } from '../languages/texts.js';

/** The topics in groups, as forms show them: 42 in a row are too many to read. */
export const topicGroups: readonly { name: TextKey; slugs: readonly string[] }[] = [
  {
    name: 'topics.group.language',
    slugs: [
      'language-models',
      'reasoning',
      'mathematics',
      'alignment',
      'retrieval',
      'long-context',
      'memory-and-personalization',
      'hallucination',
      'multilingual',
    ],
  },
  { name: 'topics.group.agents', slugs: ['agents', 'computer-use', 'code'] },
  {
    name: 'topics.group.images',
    slugs: [
      'vision-language',
      'image-generation',
      'video-generation',
      'video-understanding',
      'diffusion',
      'computer-vision',
      'documents',
    ],
  },
  {
    name: 'topics.group.space',
    slugs: ['3d', 'world-models', 'robotics', 'autonomous-driving', 'humans-and-avatars'],
  },
  { name: 'topics.group.sound', slugs: ['speech-and-audio', 'music'] },
  {
    name: 'topics.group.training',
    slugs: [
      'reinforcement-learning',
      'fine-tuning',
      'training-systems',
      'efficient-inference',
      'architectures',
      'diffusion-language-models',
      'data',
      'time-series-and-tabular',
      'recommendation-and-graphs',
      'theory',
    ],
  },
  {
    name: 'topics.group.society',
    slugs: ['benchmarks', 'safety', 'interpretability', 'science', 'medicine-and-biology', 'society'],
  },
];

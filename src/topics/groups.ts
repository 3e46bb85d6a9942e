/** The topics in groups, as forms show them: 42 in a row are too many to read. */
export const topicGroups: readonly { name: string; slugs: readonly string[] }[] = [
  {
    name: 'Language and reasoning',
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
  { name: 'Agents and code', slugs: ['agents', 'computer-use', 'code'] },
  {
    name: 'Images and video',
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
    name: '3D, robots, driving',
    slugs: ['3d', 'world-models', 'robotics', 'autonomous-driving', 'humans-and-avatars'],
  },
  { name: 'Speech and music', slugs: ['speech-and-audio', 'music'] },
  {
    name: 'Training and systems',
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
    name: 'Evaluation, safety, science, society',
    slugs: ['benchmarks', 'safety', 'interpretability', 'science', 'medicine-and-biology', 'society'],
  },
];

/** What a topic is, for people and for the matcher. */
export interface TopicDefinition {
  /** Stable name in addresses, imports and the database. */
  slug: string;
  name: string;
  /** What belongs there, for whoever chooses. */
  description: string;
  /**
   * What its papers speak of, comma-separated. A term of several words is found where they follow each other, with hyphens or
   * without; plurals find singulars and the other way round. How much a find counts is learned, from the finds of all topics.
   */
  terms: string;
  /** Slugs of topics whose place it has taken: their subscribers get it. */
  replaces?: readonly string[];
}

/** The topics, in the order in which they are offered. */
export const definitions: readonly TopicDefinition[] = [
  {
    slug: 'language-models',
    name: 'Large language models',
    description: 'Language models themselves: how they are pretrained and scaled, what they can do and how they behave',
    terms: `
      language model, llm pretraining, capabilities of llms, behavior of llms, instruction following,
      in context learning, emergent abilities, next token prediction, multi token prediction, prompt engineering,
      prompt sensitivity, llm series`,
  },
  {
    slug: 'reasoning',
    name: 'Reasoning',
    description: 'Thinking step by step, logic and mathematics, reasoning models, more compute at answer time',
    terms: `
      reasoning, chain of thought, cot, test time scaling, test time compute, inference time scaling,
      reasoning models, thinking models, overthinking, parallel thinking, latent reasoning`,
  },
  {
    slug: 'reinforcement-learning',
    name: 'Reinforcement learning',
    description: 'Learning from rewards: algorithms, environments, and RL that trains language and vision models',
    terms: `
      reinforcement learning, rlvr, grpo, ppo, policy optimization, policy gradient, verifiable rewards, actor critic,
      q learning, credit assignment, reinforcement fine tuning, self play`,
  },
  {
    slug: 'alignment',
    name: 'Alignment and preference learning',
    description: 'Models that follow human values and preferences: RLHF, DPO, reward models',
    terms: `
      rlhf, dpo, preference optimization, preference learning, preference alignment, human preferences,
      preference data, reward model, human feedback, reward hacking, value alignment, human values, safety alignment,
      alignment tax, sycophancy`,
  },
  {
    slug: 'agents',
    name: 'AI agents',
    description: 'Models that plan, call tools, remember and work together on long tasks',
    terms: `
      llm agents, language agents, language model agents, ai agents, autonomous agents, multi agent, multiagent,
      agentic, agent systems, tool use, tool calling, function calling, agent memory, agent skills, agent harness,
      agent framework, tool augmented, model context protocol`,
  },
  {
    slug: 'computer-use',
    name: 'Computer-use agents',
    description: 'Agents that operate screens, browsers, phones and desktop software',
    terms: `
      computer use, computer using, gui, web agent, mobile agents, phone agents, browser agents, web navigation,
      web interaction, graphical user interface, osworld, androidworld, webarena`,
  },
  {
    slug: 'code',
    name: 'Code and software engineering',
    description: 'Writing, repairing and reviewing programs; software-engineering agents; programming benchmarks',
    terms: `
      code generation, software engineering, code llms, coding agents, code agents, program synthesis, program repair,
      code repair, code review, code completion, competitive programming, unit tests, swe bench, livecodebench,
      code models, code reasoning, repository level, codebase, text-to-sql, vibe coding, kernel generation,
      software development, terminal environments`,
  },
  {
    slug: 'retrieval',
    name: 'Retrieval and RAG',
    description: 'Finding what a model should read: dense retrieval, reranking, RAG, search agents and deep research',
    terms: `
      retrieval, rag, reranking, reranker, re-ranking, search agents, deep research, deepresearch, agentic search,
      text embedding, embedding models, web search, browsecomp, late interaction`,
  },
  {
    slug: 'vision-language',
    name: 'Vision-language models',
    description:
      'Models that read pictures and text together: visual questions, visual reasoning, multimodal assistants',
    terms: `
      vision language model, vlm, lvlm, mllm, multimodal large language, multimodal language model, multimodal llm,
      multimodal model, multimodal foundation model, visual question answering, vqa, visual reasoning,
      multimodal reasoning, multimodal understanding, omni modal, omnimodal, visual grounding, spatial reasoning,
      spatial intelligence`,
  },
  {
    slug: 'image-generation',
    name: 'Image generation and editing',
    description: 'Pictures from text, editing, personal subjects, style',
    terms: `
      image generation, text-to-image, image editing, image synthesis, visual generation, style transfer,
      subject driven, image customization, personalized generation, inpainting, image-to-image, visual autoregressive`,
  },
  {
    slug: 'video-generation',
    name: 'Video generation',
    description: 'Video from text or pictures, video editing, long and interactive video',
    terms: `
      video generation, text-to-video, image-to-video, video diffusion, video editing, video synthesis, video models,
      video generative, generated videos, video-to-video, video world model`,
  },
  {
    slug: 'video-understanding',
    name: 'Video understanding',
    description: 'Questions about videos, finding moments in them, long and streaming video',
    terms: `
      video understanding, video question answering, video qa, temporal grounding, streaming video, video reasoning,
      long video, long form video, video llms, video large language, video captioning, egocentric video,
      video retrieval, action recognition, video mme`,
  },
  {
    slug: 'diffusion',
    name: 'Diffusion and flow models',
    description:
      'How diffusion works and gets better: flow matching, samplers, guidance, few-step models, transformers',
    terms: `
      diffusion model, diffusion generative, flow matching, rectified flow, diffusion transformer, consistency models,
      consistency distillation, score matching, classifier free guidance, denoising diffusion, latent diffusion,
      flow models, few step generation, one step generation, diffusion distillation, diffusion sampling, meanflow`,
  },
  {
    slug: 'diffusion-language-models',
    name: 'Diffusion language models',
    description: 'Text by masked or discrete diffusion, and decoding many tokens in parallel with it',
    terms: `
      diffusion language models, diffusion large language, diffusion llms, dllm, dlm, discrete diffusion,
      masked diffusion, block diffusion, block wise diffusion, diffusion decoding, llada`,
  },
  {
    slug: 'world-models',
    name: 'World models',
    description: 'Learned simulators: models that predict how the world goes on, and worlds one can act in',
    terms: `
      world model, world modeling, world simulator, world simulation, interactive worlds, neural simulator,
      game engine, jepa, world action models, latent dynamics`,
  },
  {
    slug: '3d',
    name: '3D vision and generation',
    description: 'Space from pictures and new objects in it: reconstruction, splatting, depth, camera pose, 3D assets',
    terms: `
      3d, 4d, gaussian splatting, 3dgs, nerf, radiance fields, novel view synthesis, depth estimation, camera pose,
      point cloud, mesh generation, scene reconstruction, slam, structure from motion, spatial foundation models`,
  },
  {
    slug: 'computer-vision',
    name: 'Computer vision',
    description: 'Seeing: detection, segmentation, tracking, recognition, restoration, learned image features',
    terms: `
      object detection, segmentation, segment anything, object tracking, image restoration, super resolution,
      image classification, image recognition, open vocabulary, vision transformer, vision encoder,
      vision foundation models, visual recognition, remote sensing, dinov2, dinov3, self supervised visual,
      optical flow, low level vision, domain generalization, semantic correspondence, visual localization,
      feature matching, visual grounding`,
  },
  {
    slug: 'robotics',
    name: 'Robotics and embodied AI',
    description: 'Robots that grasp, walk and find their way; vision-language-action models',
    terms: `
      robot, robotics, embodied ai, embodied agents, embodied intelligence, vision language action, vla,
      dexterous manipulation, locomotion, visuomotor, humanoid, vision language navigation, teleoperation`,
  },
  {
    slug: 'autonomous-driving',
    name: 'Autonomous driving',
    description: 'Cars that drive themselves: perception, planning, simulation',
    terms: `
      autonomous driving, self driving, autonomous vehicles, driving scenes, driving simulation, driving scenarios,
      driving videos, nuscenes, navsim, end-to-end driving, motion forecasting, trajectory prediction`,
  },
  {
    slug: 'humans-and-avatars',
    name: 'Humans, faces and motion',
    description: 'People in pictures and space: motion, faces, talking heads, avatars, pose, clothes',
    terms: `
      human motion, motion generation, motion imitation, talking head, talking face, audio driven, avatar, human pose,
      virtual try-on, human animation, portrait animation, character animation, facial animation, facial identity,
      lip sync, digital humans, face generation, face recognition, human mesh, smpl, human video generation,
      human object interaction, human-object interactions, text-to-motion, facial expressions, dance`,
  },
  {
    slug: 'speech-and-audio',
    name: 'Speech and audio',
    description: 'Speech recognition and synthesis, models that listen, sound generation',
    terms: `
      speech, asr, tts, text-to-speech, audio, spoken dialogue, spoken language, voice cloning, voice agents,
      sound effects, neural codec`,
  },
  {
    slug: 'music',
    name: 'Music',
    description: 'Making, understanding and writing down music',
    terms: `
      music, musical, song, singing, midi`,
  },
  {
    slug: 'efficient-inference',
    name: 'Efficient inference',
    description:
      'The same answers with less: quantisation, pruning, caching, speculative decoding, sparse attention, serving',
    terms: `
      quantization, kv cache, speculative decoding, sparse attention, pruning, efficient inference,
      inference efficiency, inference acceleration, llm serving, llm inference, parallel decoding, feature caching,
      on-device, edge devices, token reduction, early exit, inference latency, token compression, model compression,
      low bit, training free acceleration, inference speedup, memory efficient, decoding throughput,
      efficient sampling`,
  },
  {
    slug: 'training-systems',
    name: 'Training methods and systems',
    description: 'How to train at scale: optimisers, distributed and parallel training, kernels, hardware',
    terms: `
      adamw, muon, new optimizer, optimizer states, second order optimizer, distributed training, training systems,
      training infrastructure, data parallelism, pipeline parallelism, tensor parallelism, expert parallelism,
      sequence parallelism, gpu kernels, triton kernels, cuda kernels, mixed precision, fp8, low precision training,
      learning rate schedule, training throughput, efficient training, asynchronous rl, gradient checkpointing,
      training stability, federated learning`,
  },
  {
    slug: 'architectures',
    name: 'Model architectures',
    description: 'New building blocks: attention, state-space and recurrent models, mixtures of experts, tokenisers',
    terms: `
      mixture of experts, moe, linear attention, state space model, mamba, rwkv, recurrent, looped transformers,
      attention mechanism, hybrid attention, model architecture, transformer architecture, subword tokenization,
      byte level, vocabulary size, positional encoding, rotary position embedding, residual connections,
      residual stream, attention sinks, normalization layers, delta rule, deltanet, gated attention,
      softmax attention, hyper connections`,
  },
  {
    slug: 'long-context',
    name: 'Long context',
    description: 'Very long inputs: extending, compressing and using the context',
    terms: `
      long context, context window, context extension, context compression, length extrapolation,
      length generalization, million tokens, context management, context engineering, long document,
      long range dependencies`,
  },
  {
    slug: 'fine-tuning',
    name: 'Fine-tuning and distillation',
    description: 'Adapting a trained model: LoRA, instruction tuning, teachers and students, merging',
    terms: `
      fine tuning, finetuning, lora, low rank adaptation, parameter efficient, peft, instruction tuning, distillation,
      model merging, catastrophic forgetting, continual learning, post-training, sft`,
  },
  {
    slug: 'data',
    name: 'Data and synthetic data',
    description: 'What models learn from: curation, filtering, mixtures, synthetic data, new training sets',
    terms: `
      synthetic data, data curation, data selection, data filtering, data mixture, data mixing, data synthesis,
      data generation pipeline, data quality, training data, large scale dataset, data pipeline, data engine,
      data centric, pretraining data, high quality dataset, instruction data, open dataset, new dataset`,
  },
  {
    slug: 'benchmarks',
    name: 'Benchmarks and evaluation',
    description: 'New benchmarks, ways to evaluate, models as judges',
    terms: `
      benchmark, new benchmark, comprehensive benchmark, benchmark designed, llm as a judge, evaluation framework,
      evaluation protocol, evaluation suite, leaderboard, automatic evaluation`,
  },
  {
    slug: 'safety',
    name: 'Safety and security',
    description: 'Attacks and defences: jailbreaks, red teaming, guardrails, privacy, watermarks, misuse',
    terms: `
      jailbreak, red teaming, guardrail, ai safety, llm safety, agent safety, safety alignment, safety evaluation,
      safety risks, prompt injection, adversarial attacks, adversarial robustness, backdoor, watermark,
      differential privacy, privacy preserving, privacy risks, unlearning, deepfake, harmful content,
      emergent misalignment, membership inference, cybersecurity, security, vulnerability, malicious, safety`,
  },
  {
    slug: 'interpretability',
    name: 'Interpretability',
    description: 'Looking inside: circuits, probes, sparse autoencoders, steering, explanations',
    terms: `
      mechanistic, model interpretability, interpretable features, sparse autoencoder, activation steering,
      steering vectors, linear probes, probing, attention heads, internal representations, hidden states, circuits,
      explainable ai, activation patching, activation space, superposition`,
  },
  {
    slug: 'hallucination',
    name: 'Factuality and hallucination',
    description: 'Whether an answer is true, and whether the model knows: hallucination, calibration, uncertainty',
    terms: `
      hallucination, factuality, factual accuracy, factual knowledge, uncertainty estimation,
      uncertainty quantification, confidence calibration, confidence estimation, calibration, overconfident,
      fact checking, truthfulness, misinformation, abstention, verbalized confidence, epistemic uncertainty`,
  },
  {
    slug: 'memory-and-personalization',
    name: 'Memory and personalisation',
    description: 'Remembering users and past work: long-term memory, user models, personal assistants',
    terms: `
      long term memory, agent memory, memory systems, memory mechanism, memory bank, memory augmented,
      external memory, episodic memory, adaptive memory, memory management, memory architecture, memory retrieval,
      memory agents, personalized agents, personalized assistants, personalized responses,
      personalized language models, llm personalization, user modeling, user simulation, user profiles,
      user preferences, personal assistants, locomo, longmemeval, personas`,
  },
  {
    slug: 'multilingual',
    name: 'Multilingual and translation',
    description: 'Beyond English: translation, low-resource languages, many languages at once',
    terms: `
      multilingual, crosslingual, cross lingual, machine translation, translation quality, low resource languages,
      indic languages, african languages, arabic, korean, japanese, hindi, vietnamese, turkish, persian, kazakh,
      non english, speech translation, bilingual, underrepresented languages, european languages`,
  },
  {
    slug: 'medicine-and-biology',
    name: 'Medicine and biology',
    description: 'Clinical and biomedical AI, medical images, proteins, genomes, drugs',
    terms: `
      medical, clinical, biomedical, medicine, healthcare, protein, genomic, dna, rna, drug discovery, drug design,
      radiology, histopathology, chest x-ray, single cell, molecular, patients, biology, biological, disease, mri,
      eeg, surgical, mental health`,
  },
  {
    slug: 'science',
    name: 'AI for science',
    description: 'Physics, chemistry, materials, climate; discovery, and AI that does research itself',
    terms: `
      scientific discovery, ai for science, scientific research, ai scientist, automated research,
      autonomous research, autoresearch, ai research agents, research agents, scientific reasoning,
      scientific literature, scientific ideas, materials science, materials discovery, chemistry, theoretical physics,
      computational physics, climate, weather forecasting, molecular dynamics, partial differential equations, pdes,
      physical sciences, astronomy, peer review, scientific papers, research ideas, quantum, neural operators`,
  },
  {
    slug: 'mathematics',
    name: 'Mathematics and theorem proving',
    description: 'Proofs by machine, Lean, and finding new mathematics',
    terms: `
      theorem proving, theorem prover, formal proofs, formal verification, lean 4, proof generation,
      mathematical discovery, autoformalization, mathematical proofs, formal mathematics, mathematical research,
      research level mathematics, math olympiad, olympiad, theorem, formal reasoning, mathematical problems`,
  },
  {
    slug: 'documents',
    name: 'Documents and OCR',
    description: 'Reading pages: OCR, layout, tables, charts, slides',
    terms: `
      ocr, document understanding, document parsing, document intelligence, document layout, visual documents,
      visual document retrieval, chart, table understanding, slides, pdf, posters, text recognition, handwriting,
      document images, text rendering, infographic, spreadsheet`,
  },
  {
    slug: 'time-series-and-tabular',
    name: 'Time series and tabular data',
    description: 'Forecasting, anomalies, and learning from tables of data',
    terms: `
      time series, tabular, anomaly detection, demand forecasting, stock prediction, multivariate,
      financial forecasting, irregularly sampled`,
  },
  {
    slug: 'recommendation-and-graphs',
    name: 'Recommendation and graphs',
    description: 'Recommender systems, learning on graphs, knowledge graphs',
    terms: `
      recommender, recommendation, graph neural networks, gnn, knowledge graph, graph learning, graph transformers,
      collaborative filtering, semantic ids, link prediction, click through rate, node classification, graphrag`,
  },
  {
    slug: 'theory',
    name: 'Learning theory and analysis',
    description: 'Why learning works: theory, scaling laws, optimisation, the dynamics of training',
    terms: `
      scaling law, theoretical analysis, theoretical framework, theoretical guarantees, learning theory,
      training dynamics, learning dynamics, generalization bounds, sample complexity, convergence rate,
      convergence guarantees, loss landscape, grokking, neural collapse, implicit bias, information theoretic,
      provably, expressive power, we prove, feature learning, phase transition`,
  },
  {
    slug: 'society',
    name: 'Society and ethics',
    description: 'AI among people: bias, fairness, economy, policy, working together with it',
    terms: `
      social bias, gender bias, political, cultural bias, fairness, ethical, ethics, societal, labor market,
      economic impact, policymakers, ai governance, ai regulation, human-ai, human computer interaction,
      responsible ai, stereotypes, public opinion, social simulation, social intelligence, moral, values in text,
      democratic, education`,
  },
];

// All words of the page in both languages.
const WORDS = {
  en: {
    title: 'Trust report', other: '中文', file: 'Predictions', score: 'Score',
    summary: 'Summary', risk: 'Risk and coverage',
    threshold: 'Keep joints with a score of at least',
    kept: 'Joints kept:', keptWrong: '; wrong among them:',
    coverage: 'joints kept (coverage)', wrongShare: 'share wrong',
    before: 'all joints', after: 'kept joints',
    reliability: 'Reliability', correctShare: 'share correct',
    byJoint: 'AUROC by joint', byKind: 'AUROC by kind of error',
    gallery: 'Persons', order: 'Order', joint: 'Joint', size: 'Person size',
    all: 'all', brier: 'worst trust (Brier score)',
    gap: 'disagreement of trust and raw score',
    legend: '× marks a wrong joint. Open a person, or touch a joint, for the ' +
      'values; the arrow keys go from person to person.',
    wrong: 'wrong', correct: 'correct', previous: 'Previous', next: 'Next',
    none: 'none',
    person: (p) => `Person ${p.id}, image ${p.image}`,
    rate: (r) => `${r.joints} labeled joints of ${r.persons} persons in ` +
      `${r.images} images; share of wrong joints ${r.rate}.`,
    metric: (m) => `${m.name}: AUROC ${m.auroc}, AURC ${m.aurc}, ` +
      `ECE ${m.ece}.`,
    count: (c) => `The page holds ${c.held} of ${c.all} persons; ` +
      `${c.found} match the filters.`,
  },
  zh: {
    title: '可信度报告', other: 'English', file: '预测文件', score: '分数',
    summary: '摘要', risk: '风险–覆盖率曲线',
    threshold: '保留分数不低于该阈值的关键点',
    kept: '保留比例：', keptWrong: '；其中错误比例：',
    coverage: '保留的关键点比例（覆盖率）', wrongShare: '错误比例',
    before: '全部关键点', after: '保留的关键点',
    reliability: '可靠性曲线', correctShare: '正确比例',
    byJoint: '各关键点的 AUROC', byKind: '各错误类型的 AUROC',
    gallery: '人体实例', order: '排序', joint: '关键点', size: '人体尺寸',
    all: '全部', brier: '可信度最差（Brier 分数）',
    gap: '可信度与原始分数的分歧',
    legend: '× 表示错误的关键点。展开某个人体或点按关键点可查看数值；' +
      '方向键可在人体之间移动。',
    wrong: '错误', correct: '正确', previous: '上一页', next: '下一页',
    none: '无',
    person: (p) => `实例 ${p.id}，图像 ${p.image}`,
    rate: (r) => `共 ${r.images} 张图像、${r.persons} 个人体实例、` +
      `${r.joints} 个已标注关键点；错误比例为 ${r.rate}。`,
    metric: (m) => `${m.name}：AUROC ${m.auroc}，AURC ${m.aurc}，` +
      `ECE ${m.ece}。`,
    count: (c) => `本页收录 ${c.all} 个实例中的 ${c.held} 个；` +
      `${c.found} 个符合筛选条件。`,
  },
};

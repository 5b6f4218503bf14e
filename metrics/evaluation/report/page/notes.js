// Names and notes of a report in both languages.
const NAMES = {
  en: {keypoint_trust: 'trust', keypoint_scores: 'raw score'},
  zh: {keypoint_trust: '可信度', keypoint_scores: '原始分数',
    good: '良好', jitter: '抖动', inversion: '左右颠倒', swap: '误认他人',
    miss: '漏检', 'below 64 px': '小于 64 px', '256 px and more': '256 px 及以上',
  },
};
const PARTS = {
  nose: '鼻子', eye: '眼', ear: '耳', shoulder: '肩', elbow: '肘',
  wrist: '手腕', hip: '髋', knee: '膝', ankle: '脚踝',
};
for (const [part, text] of Object.entries(PARTS)) {
  Object.assign(NAMES.zh, {[part]: text, [`left_${part}`]: `左${text}`,
    [`right_${part}`]: `右${text}`});
}
// parts of the sentences below
const PHRASES = [
  [/^the id of the annotation$/, '标注的 id'],
  [/^OKS of at least (\S+) within the image$/, '同一图像内不低于 $1 的 OKS'],
  [/^box overlap of at least (\S+) within the image$/,
    '同一图像内不低于 $1 的框重叠度'],
  [/^(\d+) of (\d+) predictions$/, '$2 个预测中的 $1 个'],
  [/^(\d+) of (\d+) annotated persons$/, '$2 个标注人体中的 $1 个'],
  [/^(\d+) with a box or keypoints missing$/, '$1 个缺少框或关键点'],
  [/^(\d+) with 'iscrowd'$/, "$1 个标为 'iscrowd'"],
  [/^(\d+) with no labeled keypoint$/, '$1 个没有已标注的关键点'],
  [/^(\d+) with 'num_keypoints' 0$/, "$1 个 'num_keypoints' 为 0"],
  [/^or all keypoints at 0$/, '或关键点全为 0'],
  [/^(\d+) with a box without area inside the image$/,
    '$1 个的框在图像内没有面积'],
  [/^expected the 17 joints of COCO, found (.*)$/,
    '需要 COCO 的 17 个关键点，实际为 $1'],
  [/^expected the 'area' of every person, found some without$/,
    "需要每个人体的 'area'，部分缺失"],
];
const phrase = (text) => {
  const [pattern, chinese] = PHRASES.find(([p]) => p.test(text)) || [/$/, ''];
  return text.replace(pattern, chinese);
};
const phrases = (text, mark) => text.split(mark).map(phrase).join('，');
const NOTES = [
  [/^Persons are matched by (.*)\.$/, (_, rule) =>
    `人体匹配方式：${phrase(rule)}。`],
  [/^(.*) are not matched and left out\.$/, (_, parts) =>
    `${phrases(parts, ' and ')}未匹配，不参与评估。`],
  [/^(.*) belong to persons that are not evaluated and are left out\.$/,
    (_, part) => `${phrase(part)}属于不参与评估的人体，已略去。`],
  [/^(\d+) of (\d+) joints have no prediction .*$/,
    '$2 个关键点中的 $1 个没有预测（null 或 NaN），骨长不计入它们。'],
  [/^(\d+) of (\d+) joints are predicted at \(0, 0\).*$/,
    '$2 个关键点中的 $1 个预测在 (0, 0)，已标注的按错误计。'],
  [/^(.*) are left out: (.*)\.$/, (_, part, reasons) =>
    `${phrase(part)}不参与评估：${phrases(reasons, ', ')}。`],
  [/^'(.*)' of predictions is read as that of the annotations: (.*) as (.*)\.$/,
    "预测的 '$1' 按标注的读取：$2 读作 $3。"],
  [/^The scores that need SimCC logits .*$/,
    '文件不含需要 SimCC logits 的分数（两轴平均、峰值、确定度、期望正确率）。' +
    'SelfVerifyTopdown 在加上 --cfg-options ' +
    'model.test_cfg.extra_scores=True 时会写出它们。'],
  [/^There is no test of bone lengths: .*$/,
    '没有骨长检验：关键点不是 COCO 的 17 个。'],
  [/^There is no stratification by visibility: .*$/,
    '没有按可见性的分组：文件未说明哪些已标注的关键点被遮挡' +
    "（COCO 一类的标注会说明，此时 'raw_ann_info' 须在 PackPoseInputs 的 " +
    'meta_keys 中）。'],
  [/^There is no stratification by kind of error: (.*)\.$/, (_, reason) =>
    `没有按错误类型的分组：${phrase(reason)}。`],
  [/^All (\d+) labeled joints are correct: .*$/,
    '全部 $1 个已标注关键点都正确：AUROC 和 AUPR_error 为 NaN。'],
  [/^All (\d+) labeled joints are wrong: .*$/,
    '全部 $1 个已标注关键点都错误：AUROC 和 AUPR_error 为 NaN。'],
  [/^One image only: .*$/, '只有一张图像，没有区间。'],
  [/^(\S+) ranges over (\[.*\]); (\S+) lie outside \[0, 1\] and are clipped.*$/,
    '$1 的取值范围为 $2，其中 $3 在 [0, 1] 之外，' +
    '计算 ECE、ECE_mass 和 Brier 时截断到此区间。'],
];

function translated(note) {
  if (language === 'en') return note;
  const [pattern, chinese] = NOTES.find(([p]) => p.test(note)) || [/$/, ''];
  return note.replace(pattern, chinese);
}

// The page in Chinese: what it says by itself, and what the programs say in fixed words. "bridge" and "stream" stay, as in
// the documents.

export const page = {
  // The first screen
  'Throughput now': '当前吞吐量', Download: '下载', Upload: '上传', Streams: 'stream',
  '{0} in all': '共 {0}', '{0} direct, {1} in all': '{0} 条直连，共 {1}', '{0} blocked': '已拦截 {0}',
  '{0}/{1} bridges up': 'bridge 可用 {0}/{1}', '{0}/{1} bridges up, {2} disabled': 'bridge 可用 {0}/{1}，已停用 {2}',
  'No clients': '没有客户端', '1 tunnel, {0} bridges up': '1 条隧道，bridge 可用 {0}', '{0} tunnels, {1} bridges up': '{0} 条隧道，bridge 可用 {1}',
  'up {0}': '已运行 {0}', 'waiting for an interface with a default route: {0}': '等待带默认路由的网络接口：{0}',
  'the key has carried all that the server lets it carry this month': '服务端允许此密钥本月传输的流量已用完',
  '{0} failed logins, most from {1}': '登录失败 {0} 次，最多来自 {1}', '{0} locked out': '{0} 已被拒之门外', '{0} and {1} more locked out': '{0} 和另外 {1} 个地址已被拒之门外',
  'through {0}, server {1} of {2}': '经由 {0}，第 {1}/{2} 个服务端',
  'The program does not answer; these are its last figures.': '程序没有应答；以下是它最后的数据。',

  // Charts
  'Throughput by bridge': '各 bridge 的吞吐量', 'Throughput by tunnel': '各隧道的吞吐量', 'Throughput by path': '各通路的吞吐量', 'Throughput by user': '各用户的吞吐量',
  'Time shown': '显示的时间', Tunnel: '隧道', 'All tunnels': '全部隧道', 'Lines by path': '各通路的线路', 'Lines by user': '各用户的线路',
  'What is shown of the lines': '显示线路的哪一项', 'Round trip': '往返时间', 'In flight': '在途', 'Sent again': '重发',
  'all others': '其余全部', ', at most {0}': '，最高 {0}', 'bridge {0}: {1} down, {2} up': 'bridge {0}：下载 {1}，上传 {2}', 'no traffic': '没有流量',

  // Paths and bridges
  'Paths and bridges': '通路与 bridge', Bridges: 'bridge', Bridge: 'bridge', State: '状态', Share: '占比', Down: '下载', Up: '上传',
  'Last minute': '最近一分钟', 'now / min': '当前 / 最低', Retransmitted: '重发', Reconnects: '重连', Action: '操作',
  'session {0}': '会话 {0}', '{0} bridges': '{0} 条 bridge', '{0}/{1} bridges': 'bridge {0}/{1}',
  up: '可用', down: '断开', suspect: '停滞', connecting: '正在连接', disabled: '已停用', active: '主用', backup: '备用', overflow: '溢出', never: '不用',
  Enable: '启用', Disable: '停用', 'Enable bridge {0}': '启用 bridge {0}', 'Disable bridge {0}': '停用 bridge {0}',
  'Role of {0}': '{0} 的角色', 'Limit of {0} in Mbit/s': '{0} 的限速，Mbit/s', 'Mbit/s at most, of all its bridges together, each way': '所有 bridge 合计、每个方向最多多少 Mbit/s',
  'expected a number of Mbit/s': '应为以 Mbit/s 计的数值', 'down only': '仅下载', 'up only': '仅上传', 'at most {0}': '最多 {0}', 'by way of {0}': '经由 {0}',
  'last replaced: {0}': '上次更换：{0}', 'fades after {0}': '传输 {0} 后变慢', 'lives {0}': '存活 {0}', 'freezes after {0} down': '下载 {0} 后停住', 'freezes after {0} up': '上传 {0} 后停住',
  'only small packets get through: MTU?': '只有小包能通过：MTU？', 'dials {0} apart': '拨号间隔 {0}', 'dials paused for {0}': '暂停拨号 {0}',
  '{0} of {1} a day': '每天 {1}，已用 {0}', '{0} of {1} a month': '每月 {1}，已用 {0}', '{0} of {1} in all': '共 {1}，已用 {0}', '{0}: used up': '{0}：已用完',

  // Streams, totals and those that have closed
  Destination: '目标', Received: '接收', Sent: '发送', Age: '时长', Filter: '筛选', 'Filter by destination': '按目标筛选',
  'No destination fits the filter.': '没有符合筛选条件的目标。', 'No open streams.': '没有打开的 stream。', '{0} busiest of {1}': '最忙的 {0} 条，共 {1} 条',
  'Show {0} of {1}': '显示 {1} 条中的 {0} 条', 'Show fewer': '收起', direct: '直连', 'from {0}': '来自 {0}', Close: '关闭', 'Close the stream to {0}': '关闭到 {0} 的 stream',
  Totals: '累计流量', 'Totals of': '累计的对象', 'Totals in': '累计的时间', Destinations: '目标', 'Source addresses': '来源地址', Users: '用户', Paths: '通路',
  Today: '今天', 'Last 7 days': '最近 7 天', 'This month': '本月', 'Filter totals by name': '按名称筛选累计流量', Name: '名称', Both: '合计',
  'Nothing was carried.': '没有传输任何数据。', 'Destinations are not kept (--no-destinations).': '不保留目标（--no-destinations）。', '{0} of {1}': '{0} / {1}',
  'Closed streams': '已关闭的 stream', 'Filter closed streams': '筛选已关闭的 stream', From: '来源', Lasted: '持续', Ended: '结束',
  'No closed stream fits the filter.': '没有符合筛选条件的已关闭 stream。', 'No stream has closed yet.': '还没有 stream 关闭。', 'the latest {0} of {1}': '最近 {0} 条，共 {1} 条',

  // What can be done
  'Use the proxy': '使用代理', 'Copy for bash, zsh': '复制 bash、zsh 的设置', 'The lines for a shell': 'shell 的设置', 'Copy for fish': '复制 fish 的设置', 'The lines for fish': 'fish 的设置',
  'Copy PAC address': '复制 PAC 地址', 'The address of the script for browsers': '浏览器脚本的地址', 'Copy curl line': '复制 curl 命令行', 'The line for curl': 'curl 命令行',
  '{0}: copied': '{0}：已复制', '{0}: selected, copy with Ctrl-C': '{0}：已选中，请按 Ctrl-C 复制',
  'Does mtcp help here?': 'mtcp 在这里有用吗？', 'Test this line': '测试这条线路', 'Takes about a minute, and as much data as the line carries in that time': '约需一分钟，并用掉线路在这段时间里能传输的流量',
  '{0}: done': '{0}：完成', 'it is gone': '它已不存在', 'one is running already': '已有一个在运行',

  // Memory and events
  Memory: '内存', 'Memory, and bytes this month': '内存，以及本月流量', 'Reorder buffer': '重排缓冲', 'Received, not read yet': '已接收，尚未读取', 'Sent, not acknowledged': '已发送，尚未确认',
  'All of {0}': '{0} 合计', 'This month, {0}': '本月，{0}', Events: '事件',
};

/** In the order in which they are tried; what stands for {0} may itself be one of these. */
export const program = {
  // Why a path or bridge carries little
  'waits: would deliver later than others': '等待：比其他的更晚送达', 'rate limit': '限速', 'overflow: not needed': '溢出：暂不需要', 'backup: not needed': '备用：暂不需要',
  'rests: its client has others': '休息：客户端另有可用的', 'rests: the path needs fewer bridges': '休息：通路不需要这么多 bridge', 'retired: closes once nothing is under way': '退役：在途数据送达后关闭',
  'disabled by the user': '被用户停用', 'has carried as much as it may': '已达到允许传输的量', 'suspect since {0} s: no progress while others make some': '停滞 {0} s：其他的仍有进展',
  dialling: '正在拨号', 'dials fail': '拨号失败', 'dials paused for {0} s: nobody answers': '暂停拨号 {0} s：没有应答', 'another server process answers here': '这里应答的是另一个服务端进程',
  'never to be used': '不使用', 'quota used up': '配额已用完', 'no way to the server any more': '没有通往服务端的路了', 'faded after {0} MB and {1} s': '传输 {0} MB、历时 {1} s 后变慢',

  // Why a stream ended
  closed: '正常关闭', 'ended by this program': '由本程序结束', 'reset by the destination, or the tunnel was lost': '被目标复位，或隧道断开', 'reset by the application': '被应用程序复位',

  // Events
  connecting: '正在连接', 'tunnel up': '隧道已连上', 'tunnel down: streams wait for a bridge': '隧道断开：stream 在等待 bridge', 'tunnel stopped': '隧道已停止',
  'session {0} ended': '会话 {0} 已结束', 'path {0} is gone': '通路 {0} 已消失', 'path {0} has come': '通路 {0} 已出现', 'its path is gone': '它的通路已消失',
  'bridge {0} lost: {1}': 'bridge {0} 断开：{1}', 'bridge {0} lost': 'bridge {0} 断开', 'bridge {0} over {1} up': '经 {1} 的 bridge {0} 已连上',
  'bridge {0} over {1} disabled': '经 {1} 的 bridge {0} 已停用', 'bridge {0} over {1} enabled': '经 {1} 的 bridge {0} 已启用',
  'bridge {0} over {1} makes no progress': '经 {1} 的 bridge {0} 没有进展', 'bridge {0} over {1} makes progress again': '经 {1} 的 bridge {0} 恢复进展',
  '{0}: bridge {1} over {2} up': '{0}：经 {2} 的 bridge {1} 已连上', '{0}: bridge {1} over {2} disabled': '{0}：经 {2} 的 bridge {1} 已停用', '{0}: bridge {1} over {2} enabled': '{0}：经 {2} 的 bridge {1} 已启用',
  '{0}: bridge {1} over {2} makes no progress': '{0}：经 {2} 的 bridge {1} 没有进展', '{0}: bridge {1} over {2} makes progress again': '{0}：经 {2} 的 bridge {1} 恢复进展',
  '{0}: connecting': '{0}：正在连接', '{0}: tunnel up': '{0}：隧道已连上', '{0}: tunnel down: streams wait for a bridge': '{0}：隧道断开：stream 在等待 bridge', '{0}: tunnel stopped': '{0}：隧道已停止',
};

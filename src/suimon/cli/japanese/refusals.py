"""The Japanese of refusals and errors."""

REFUSALS = {
    # credentials, stack, function
    "no region: set AWS_REGION to that of the stack": (
        "リージョンがありません。スタックのリージョンを AWS_REGION に設定してください"
    ),
    "no credentials: set AWS_PROFILE, or log in": (
        "認証情報がありません。AWS_PROFILE を設定するか、ログインしてください"
    ),
    "your role may not do this: it needs the stack's OperatorPolicy, or to look only its ViewerPolicy": (
        "このロールには権限がありません。スタックの OperatorPolicy（見るだけなら ViewerPolicy）が必要です"
    ),
    "your role may not do this: it needs the stack's UpstreamPolicy": (
        "このロールには権限がありません。スタックの UpstreamPolicy が必要です"
    ),
    "your role may not ask the warehouse (redshift-data:ExecuteStatement): OperatorPolicy does not grant that": (
        "このロールにはウェアハウスに問い合わせる権限（redshift-data:ExecuteStatement）がありません。"
        "OperatorPolicy には含まれません"
    ),
    "Who may only send names its bucket, by --bucket or SUIMON_RAW_BUCKET.": (
        "送信だけできる場合は、バケットを --bucket か SUIMON_RAW_BUCKET で指定してください。"
    ),
    "your credentials have expired: log in again (as by aws sso login), or set newer keys": (
        "認証情報の期限が切れています。もう一度ログインする（aws sso login など）か、新しいキーを設定してください"
    ),
    "AWS does not know your keys: check AWS_PROFILE and AWS_ACCESS_KEY_ID": (
        "AWS に登録されていないキーです。AWS_PROFILE と AWS_ACCESS_KEY_ID を確認してください"
    ),
    "your secret key does not fit its key id: check AWS_SECRET_ACCESS_KEY": (
        "シークレットキーがキー ID と合いません。AWS_SECRET_ACCESS_KEY を確認してください"
    ),
    "mend your profile in ~/.aws/config, or choose another with AWS_PROFILE": (
        "~/.aws/config のプロファイルを直すか、AWS_PROFILE で別のものを選んでください"
    ),
    "your session token does not fit your keys: log in again, or unset AWS_SESSION_TOKEN": (
        "セッショントークンがキーと合いません。もう一度ログインするか、AWS_SESSION_TOKEN を外してください"
    ),
    "your clock is wrong: set it": "時計がずれています。合わせてください",
    "name the stack with --stack or SUIMON_STACK, and check AWS_REGION": (
        "スタック名を --stack か SUIMON_STACK で指定し、AWS_REGION を確認してください"
    ),
    "your session has ended: log in again, with aws sso login or aws login": (
        "セッションが終了しています。aws sso login か aws login でもう一度ログインしてください"
    ),
    "log in again with your MFA token": "MFA トークンでもう一度ログインしてください",
    "set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or neither": (
        "AWS_ACCESS_KEY_ID と AWS_SECRET_ACCESS_KEY は、両方設定するか、両方外してください"
    ),
    "check AWS_PROFILE against ~/.aws/config": "AWS_PROFILE が ~/.aws/config にあるか確認してください",
    "log in again, or mend what your profile in ~/.aws/config gets its keys from": (
        "もう一度ログインするか、~/.aws/config のプロファイルがキーを取得する先を直してください"
    ),
    "set AWS_REGION to that of the stack": "スタックのリージョンを AWS_REGION に設定してください",
    "check your network, its proxy and VPN, and AWS_REGION": (
        "ネットワーク（プロキシ、VPN）と AWS_REGION を確認してください"
    ),
    "stack {stack}: {wrong}": "スタック {stack}: {wrong}",
    "is this its name? name it with --stack or SUIMON_STACK. Or {rights}; AWS says: {error}": (
        "スタック名が正しいか確認し、--stack か SUIMON_STACK で指定してください。または、{rights}。AWS の応答: {error}"
    ),
    "stack {stack} has no parameter {name}: is it a deployment of Suimon?": (
        "スタック {stack} にパラメータ {name} がありません。Suimon のスタックか確認してください"
    ),
    "only one SELECT is sent; nothing here changes the warehouse": (
        "送れるのは SELECT 文 1 つだけです。このコマンドはウェアハウスを変更しません"
    ),
    "give either --workgroup or --cluster": "--workgroup か --cluster のどちらか一方を指定してください",
    "stack {stack} has no output {name}: is it a deployment of Suimon?": (
        "スタック {stack} に出力 {name} がありません。Suimon のスタックか確認してください"
    ),
    "the freshness function failed: {why}": "freshness 関数が失敗しました: {why}",
    "not reconciled: {why}": "巡回できませんでした: {why}",
    # interrupted, unexpected
    "Interrupted: {what}": "中断しました。{what}",
    "nothing was changed.": "何も変更していません。",
    "what was done stays.": "すでに行った変更はそのままです。",
    "it may have been done all the same. To see:": "ただし、実行された可能性があります。確認するには:",
    "the stack ends the portion that it is at; what was found is repaired, the rest was not looked at. Again:": (
        "処理中の範囲だけは最後まで進みます。検出したものは修復済みで、残りは未確認です。もう一度行うには:"
    ),
    "a replay may have been started, and runs on. To see:": (
        "再実行が始まり、続いている可能性があります。確認するには:"
    ),
    "it may be stopped already, without a summary. Again:": (
        "集計なしで停止した可能性があります。もう一度停止するには:"
    ),
    "the file may have been sent; what came of it:": "ファイルは送信された可能性があります。確認するには:",
    "What was started runs on, only following it failed:": (
        "開始したものは続いています。表示だけができませんでした。確認するには:"
    ),
    "unexpected {kind}{said}": "予期しないエラー {kind}{said}",
    # what is typed
    "Invalid value for {what}: {why}": "{what} の値が正しくありません: {why}",
    "; did you mean {name}?": "。もしかして: {name}",
    "{text!r} is not a date written YYYY-MM-DD, nor another partition (such as {forms})": (
        "{text!r} は YYYY-MM-DD 形式の日付でも、ほかのパーティション（例: {forms}）でもありません"
    ),
    "write why, in the place of {value}": "{value} の代わりに理由を書いてください",
    "{address!r} is not written s3://bucket/key": "{address!r} は s3://bucket/key の形ではありません",
    "{text}: write s3://bucket/key or s3://bucket/key?versionId=…": (
        "{text}: s3://bucket/key か s3://bucket/key?versionId=… の形で指定してください"
    ),
    "{text} does not exist": "{text} がありません",
    "{text} is no file; a pipe must be saved to one, it is read more than once": (
        "{text} はファイルではありません。複数回読み取るため、パイプの内容はファイルに保存してください"
    ),
    "S3 answers {code}; look at the address and at your permissions": (
        "S3 の応答は {code} です。アドレスと権限を確認してください"
    ),
    "give --key, or --state, or --dataset with --partition": (
        "--key、--state、または --dataset と --partition を指定してください"
    ),
    "give --from and --to": "--from と --to を指定してください",
    "give one of --list, --follow, --stop and --resume": (
        "--list、--follow、--stop、--resume はどれか 1 つだけ指定してください"
    ),
    "--json writes a plan, a list or a summary: give --dry-run, --list or --stop with it": (
        "--json で出力できるのは計画、一覧、集計です。--dry-run、--list、--stop のどれかと指定してください"
    ),
    "--json writes the plans: give --dry-run with it": "--json は計画を出力します。--dry-run と指定してください",
    "--contract only shows what would change: give --dry-run with it; a replay takes its stack's": (
        "--contract は判定の変化を表示するだけです。--dry-run と指定してください。再実行にはスタックの契約が使われます"
    ),
    "--contract: {name} is of dataset {found}, not of {dataset}": (
        "--contract: {name} はデータセット {found} の契約で、{dataset} のものではありません"
    ),
    "--contract: there is neither a file {name} nor {path}{like}": (
        "--contract: ファイル {name} も {path} もありません{like}"
    ),
    "--html is a page of the whole stack: leave out DATASET and --json": (
        "--html はスタック全体のページを出力します。DATASET と --json は外してください"
    ),
    "written: {file}": "書き出しました: {file}",
    "say --cancel or --undo": "--cancel か --undo を指定してください",
    "say how long: --days or --until": "期間を --days か --until で指定してください",
    "--days: at most {most}": "--days は {most} までです",
    "--records makes a link of it: give --link, too; without, all parts are fetched": (
        "--records はリンクを作ります。--link も指定してください。指定しなければ、すべてのファイルを取得します"
    ),
    "--shard is needed: the keys of this dataset are {keys}": (
        "--shard が必要です。このデータセットのキーは {keys} です"
    ),
    "--shard is not needed: the keys of this dataset are {keys}": (
        "--shard は不要です。このデータセットのキーは {keys} です"
    ),
    "--shard: {shard!r} is not 1 to 64 of A-Z a-z 0-9 _ -": (
        "--shard: {shard!r} は A-Z a-z 0-9 _ - の 1～64 文字ではありません"
    ),
    "--report: {target} would be written over, but it is {path}, which is read; name another folder": (
        "--report: {target} は読み取り中の {path} と同じです。別のフォルダーを指定してください"
    ),
    "a key has its day in it; give the key alone": "キーには日付が含まれます。キーだけを指定してください",
    # nothing found
    "{dataset} takes no files: its table is only watched": (
        "{dataset} はテーブルを監視するだけで、ファイルは受け付けません"
    ),
    "the ledger knows no file of {what}": "台帳に {what} のファイルはありません",
    "{partition} is {state}, due {due} {zone}, under the key {key}": (
        "{partition}: {state}、期限 {due} {zone}、キー {key}"
    ),
    "{text}, and none is due; to see what is:": "{text}。期限のあるファイルもありません。予定を確認するには:",
    "Ask its sender for it; if it will not come, say so:": (
        "送信者に確認してください。届かない場合は、次のコマンドで登録します:"
    ),
    "To see what there is:": "今あるものを確認するには:",
    ": an id has {whole} characters, this one {here}, so it was cut off": (
        "。ID は {whole} 文字ですが、これは {here} 文字で、途中で切れています"
    ),
    "; of an incident:": "。インシデントを見るには:",
    ": it is a dataset, so name a day, too; to see its days:": (
        "。データセット名なので、日付も指定してください。日付の一覧を見るには:"
    ),
    "{why}; of a drop:": "{why}。ドロップを見るには:",
    "drop {drop} is {state}: there is no report, for nothing was rejected": (
        "ドロップ {drop} は {state} です。不合格になっていないため、レポートはありません"
    ),
    "the report is no longer kept, or your role may not read it": (
        "レポートの保存期間が過ぎたか、このロールに読み取りの権限がありません"
    ),
    "the ledger names no report of {dataset}: {where}": "台帳にあるのは {dataset} のレポートではありません: {where}",
    "it is empty: is a variable of your shell not set?": "空です。シェルの変数が設定されているか確認してください",
    "--partition: {why}": "--partition を確認してください: {why}",
    "{dataset} has no replay {replay!r}; did you mean {like}?": (
        "{dataset} に再実行 {replay!r} はありません。もしかして: {like}"
    ),
    "{dataset} has no replay {replay!r}; those it has:": "{dataset} に再実行 {replay!r} はありません。一覧を見るには:",
    "the items of replay {id} are lost ({why}); what became of its drops:": (
        "再実行 {id} の対象の一覧が失われています（{why}）。ドロップの状態を確認するには:"
    ),
    "to check stored files you need to read the raw bucket, which the OperatorPolicy does not grant": (
        "保存済みのファイルを検査するには受付バケットの読み取り権限が必要です。OperatorPolicy には含まれません"
    ),
    "the answer cannot be written: {why}": "結果を書き出せません: {why}",
}

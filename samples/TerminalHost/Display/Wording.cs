using CardIssue.Core.Cards;
using CardIssue.Core.Lines;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Relay;
using CardIssue.Transport.Reconnect;

namespace CardIssue.TerminalHost.Display;

/// <summary>What the operator reads of each exchange: what happened, and what to do next.</summary>
internal static class Wording
{
    public static Text Of(IssueProgress step) => step.Notice switch
    {
        IssueNotice.AskingAccess => new("asking the center for access", "センターに接続の許可を求めています"),
        IssueNotice.AccessGranted => new("access granted", "接続が許可されました"),
        IssueNotice.AccessRefused => Told("access refused", "接続が拒否されました", step.Reason),
        IssueNotice.CenterNotKnown => new("this is not the known center, nothing was sent to it; call the center, then `module import` if its keys were renewed",
            "登録されたセンターではないため、何も送信していません。センターに電話してください（鍵が更新された場合は `module import`）"),
        IssueNotice.AskingOrder => new("asking for the order", "受付番号を照会しています"),
        IssueNotice.OrderDeclined => Told("declined", "受け付けられません", step.Reason),
        IssueNotice.InsertCard => new($"insert a card: {step.Detail}", $"カードを入れてください: {step.Detail}"),
        IssueNotice.InsertSameCard => new($"insert the order's own card: {step.Detail}", $"この受付で使い始めたカードを入れてください: {step.Detail}"),
        IssueNotice.ReaderRefused => new($"this reader is not known to the center ({step.Detail}); see `terminalhost reader enroll`",
            $"このリーダーはセンターに登録されていません（{step.Detail}）。`terminalhost reader enroll` を参照してください"),
        IssueNotice.ReaderAway => new("the card reader does not answer: see that it is connected; the order waits for it",
            "リーダーが応答しません。接続を確認してください。つながると続きます"),
        IssueNotice.CardIn => new("a card is in", "カードが入りました"),
        IssueNotice.AccessingCard => new("accessing the card", "カードを確認しています"),
        IssueNotice.NumberingCard => new("giving the card a number of its own", "カードに固有の番号を付けています"),
        IssueNotice.CardRejected when IsMute(step) => new("the card does not answer: take it out and turn it round, or insert another",
            "カードが応答しません。取り出して向きを直すか、別のカードを入れてください"),
        IssueNotice.CardRejected => Told("card refused", "このカードは使えません", step.Reason) + new Text("; take it out and insert another", "。取り出して別のカードを入れてください"),
        IssueNotice.LookingAtCard when step.Record == 0 => new("looking at what is on the card", "カードの内容を確認しています"),
        IssueNotice.LookingAtCard => new($"looking whether record {step.Record} is on the card", $"記録 {step.Record} が書き込まれているか確認しています"),
        IssueNotice.WritingRecord => new($"writing record {step.Record}", $"記録 {step.Record} を書き込んでいます"),
        IssueNotice.Reporting when step.Reason is IssueReason.None => new("reported to the center", "センターに報告しました"),
        IssueNotice.Reporting => Told("reported to the center", "センターに報告しました", step.Reason),
        IssueNotice.ClosingCard => new("closing the card", "カードの書き込みを閉じています"),
        IssueNotice.Issued => new("the card is issued", "カードを発行しました"),
        IssueNotice.TakeCardOut => new("take the card out", "カードを取り出してください"),
        IssueNotice.Ready => new("ready for the next customer", "次のお客様を受け付けられます"),
        IssueNotice.Aborted => Told("stopped", "中止しました", step.Reason),
        IssueNotice.LineLost => new("the line is lost and is being brought up again; leave the card in", "回線が切れました。接続し直しています。カードはそのままにしてください"),
        IssueNotice.Resuming => new("resuming the order", "中断した受付を再開しています"),
        IssueNotice.AskAgain => new("the line was lost before the center answered; ask again", "センターの返答の前に回線が切れました。もう一度受け付けてください"),
    };

    /// <summary>Whether a card is refused that says nothing at all: most often it is in the wrong way round.</summary>
    public static bool IsMute(IssueProgress step) =>
        step is { Notice: IssueNotice.CardRejected, Reason: IssueReason.CardUnreadable, ReaderFault: CardFault.Mute };

    /// <summary>How a request ended, in one line.</summary>
    public static Text Of(IssueOutcome outcome) => outcome.Ending switch
    {
        IssueEnding.Issued => new("issued", "発行しました"),
        IssueEnding.Declined => Told("declined", "受け付けられません", outcome.Reason),
        IssueEnding.Aborted => Told("stopped", "中止しました", outcome.Reason),
        IssueEnding.ReaderRefused => new($"the reader is not known to the center ({outcome.Detail}); have it added there, see `terminalhost reader enroll`",
            $"リーダーがセンターに登録されていません（{outcome.Detail}）。`terminalhost reader enroll` で登録を依頼してください"),
        IssueEnding.AccessRefused => Told("access refused", "接続が拒否されました", outcome.Reason),
        IssueEnding.CenterNotKnown => new(
            "the other end could not prove that it is the known center; call the center, then `module import` if its keys were renewed",
            "相手が登録されたセンターであると確認できません。センターに電話してください（鍵が更新された場合は `module import`）"),
        IssueEnding.LineLost => new("the line was lost before the center answered; ask again", "センターの返答の前に回線が切れました。もう一度受け付けてください"),
    };

    /// <summary>A try to bring the line up that failed. Behind it stands what the system said, in its own words.</summary>
    public static Text Of(FailedTry failed)
    {
        var again = failed.NextTryIn is { } pause ? new Text($" Tried again in {pause.TotalSeconds:0.0} s.", $"（{pause.TotalSeconds:0.0} 秒後に再接続します）") : default;
        return new($"{failed.Message}{again.English}", $"{Of(failed.Fault).Japanese}{again.Japanese}: {failed.Message}");
    }

    /// <summary>What is wrong with the line.</summary>
    public static Text Of(LineFault fault) => fault switch
    {
        LineFault.Unreachable => new("the center can't be reached", "センターに接続できません"),
        LineFault.NotTrusted => new("the center and this terminal do not accept each other's certificate", "センターとこの端末の証明書が合いません"),
        LineFault.Broken => new("the line broke", "回線が切れました"),
        LineFault.Silent => new("the line fell silent", "回線の応答がありません"),
        LineFault.Oversized => new("what came over the line is too long", "回線から長すぎるデータが届きました"),
        LineFault.Closed => new("the line was closed", "回線が閉じられました"),
        LineFault.Tampered => new("what came over the line was changed on the way", "回線のデータが途中で書き換えられています"),
    };

    /// <summary>Why something is not as it was wanted, and what to do.</summary>
    public static Text Why(IssueReason reason) => reason switch
    {
        IssueReason.None => new("no reason was told", "理由は知らされていません"),

        IssueReason.AccessRefused => new("the center refuses this terminal; call the center", "センターがこの端末を拒否しています。センターに電話してください"),
        IssueReason.AccessNotKnown => new("the center does not know this terminal at this address and line; have the center's operator see its log",
            "この端末・アドレス・回線はセンターに登録されていません。センターの担当者に記録を確認してもらってください"),
        IssueReason.AccessVersion => new("the center speaks other versions of the protocol; update this program or the center's",
            "センターと通信方式の版が合いません。このプログラムかセンターを更新してください"),
        IssueReason.AccessTooMany => new("the center does not know this terminal, and it has asked too often; have the center's operator see its log and mend that first",
            "この端末はセンターに登録されておらず、接続の試行が多すぎます。先にセンターの担当者に記録を確認してもらってください"),
        IssueReason.AccessNotNow => new("the center takes no sessions at the moment; try again later", "センターは今、接続を受け付けていません。しばらくしてからもう一度行ってください"),
        IssueReason.CenterNotKnown => new("the other end could not prove that it is the known center", "相手が登録されたセンターであると確認できません"),

        IssueReason.OrderOrCode => new("no such order, or the issue code is wrong, expired or spent; check both with the customer",
            "受付番号がないか、発行コードが違うか、期限切れか、使用済みです。お客様と両方を確かめてください"),
        IssueReason.OrderBusy => new("another terminal is working on this order; try again later", "別の端末がこの受付を処理しています。しばらくしてからもう一度行ってください"),
        IssueReason.OrderWaiting => new("the order waits for a decision at the center, or for an earlier one of its card; call the center",
            "この受付はセンターの判断待ち、または同じカードの前の受付の完了待ちです。センターに電話してください"),
        IssueReason.OrderAlreadyIssued => new("a card was already issued for this order", "この受付のカードはすでに発行されています"),
        IssueReason.OrderTooMany => new("too many wrong codes for this customer or from this terminal; call the center",
            "発行コードの誤りが多すぎます。センターに電話してください"),
        IssueReason.OrderNotNow => new("the center cannot work on it at the moment; try again later", "センターは今、処理できません。しばらくしてからもう一度行ってください"),
        IssueReason.OrderTerminalHeld => new("this terminal needs attention: its module failed too often, and the center gives it no orders; call the center",
            "この端末は点検が必要です。セキュアモジュールの失敗が続いたため、センターは受付を渡しません。センターに電話してください"),
        IssueReason.OrderCodeUnreadable => new("the center could not open the issue code that this terminal sealed; the customer's code was not tried, call the center",
            "この端末が暗号化した発行コードをセンターが開けません。お客様のコードは使われていません。センターに電話してください"),
        IssueReason.OrderOtherBranch => new("the order is to be issued at another branch; send the customer there, or call the center",
            "この受付は別の支店で発行することになっています。お客様にその支店を案内するか、センターに電話してください"),
        IssueReason.OrderCenterLacks => new("the center lacks a key, or something else of its own, for this order; no card helps, call the center",
            "センター側に鍵などが足りません。カードを替えても発行できません。センターに電話してください"),

        IssueReason.CardNotGenuine => new("it does not hold the access key", "正しい鍵を持つカードではありません"),
        IssueReason.CardUnknownKey => new("it does not have the key version that the product names", "カードの鍵の版がこの商品と合いません"),
        IssueReason.CardUnreadable => new("its answers can't be read", "カードの応答が読めません"),
        IssueReason.CardWrongState => new("it is not in a state that the product accepts", "カードの状態がこの商品に合いません"),
        IssueReason.CardOther => new("the order was begun with another card", "この受付は別のカードで始まっています"),
        IssueReason.CardInUse => new("it belongs to another order or was already issued", "別の受付のカードか、すでに発行されたカードです"),
        IssueReason.CardBarred => new("it was tried too often", "試行回数が多すぎるカードです"),
        IssueReason.CardRefusedUs => new("it refused the center", "カードがセンターを拒否しました"),
        IssueReason.CardNoIdentity => new("it can't be told from other cards", "ほかのカードと区別できません"),
        IssueReason.CardChannelTooWeak => new("it can't protect its answers as the product asks", "カードの応答を、商品が求めるとおりに保護できません"),
        IssueReason.CardNoApplication => new("the application that the product writes to is not on it", "書き込み先のアプリケーションがカードにありません"),
        IssueReason.CardLocked => new("it is locked", "カードがロックされています"),

        IssueReason.StoppedByOperator => new("cancelled here; what was begun stays with its card", "この端末で取り消しました。書き始めた分はそのカードに残ります"),
        IssueReason.StoppedByCenter => new("stopped at the center; ask again later", "センターが中止しました。しばらくしてからもう一度行ってください"),
        IssueReason.StoppedTimedOut => new("no card came in time; ask again", "時間内にカードが入りませんでした。もう一度受け付けてください"),
        IssueReason.StoppedWriteFailed => new("the card could not be written, or does not hold what the center believes; "
            + "keep it, the order waits for a decision at the center", "カードに書き込めないか、内容がセンターの記録と違います。カードを保管してください。センターの判断を待ちます"),
        IssueReason.StoppedStoreFailed => new("the center could not save; nothing is lost, try again later",
            "センターが保存できませんでした。失われたものはありません。しばらくしてからもう一度行ってください"),
        IssueReason.StoppedClaimLost => new("another session took the order over", "別の接続がこの受付を引き継ぎました"),
        IssueReason.StoppedReaderRefused => new("the reader is not known to the center", "リーダーがセンターに登録されていません"),
        IssueReason.StoppedTooManyCards => new("too many cards were refused; ask again with cards of this product",
            "使えないカードが続きました。この商品のカードを用意して、もう一度受け付けてください"),
        IssueReason.StoppedCenterFailed => new("the center failed in this order; the order was given back, its log says what it was",
            "センターで障害が起きました。受付は元に戻りました。原因はセンターの記録にあります"),
        IssueReason.StoppedModuleRefused => new("this terminal's module refused what the center sealed for it; no card helps, call the center",
            "この端末のセキュアモジュールがセンターのデータを拒否しました。カードを替えても発行できません。センターに電話してください"),
        IssueReason.StoppedTerminalFailed => new("this terminal failed in this order; the order was given back, the log says what it was",
            "この端末で障害が起きました。受付は元に戻りました。原因は記録にあります"),

        IssueReason.ReaderAway => new("the card reader does not answer", "リーダーが応答しません"),
        IssueReason.ReaderNotKnown => new("the reader is not known to the center", "リーダーがセンターに登録されていません"),

        IssueReason.LineLost => new("the line is lost", "回線が切れました"),
        IssueReason.LineTimedOut => new("nothing came over the line in time", "時間内に回線の応答がありませんでした"),
        IssueReason.LineStopped => new("the other end was shut down", "相手側が停止しました"),
        IssueReason.LineNotAMessage => new("what came over the line was no message", "回線から届いたものは正しい通信文ではありません"),
        IssueReason.LineUnfitResult => new("a result came that fitted nothing", "対応しない結果が届きました"),
        IssueReason.LineWrongHalf => new("a message came on the wrong half of the line", "通信文が誤った側の回線に届きました"),
        IssueReason.LineNoCredit => new("the center sent more than was asked for", "センターが許された量より多く送りました"),
        IssueReason.LineOutOfPlace => new("a message came where it has no place", "通信文の順序が正しくありません"),
        IssueReason.LineFailed => new("something failed at an end of the line; its log says what", "回線の一方で障害が起きました。原因はその記録にあります"),

        IssueReason.WritingUnexpectedStatus => new("the card gave another answer than was expected", "カードが予期しない応答を返しました"),
        IssueReason.WritingCardLost => new("the card went away or fell silent", "カードが取り出されたか、応答しません"),
        IssueReason.WritingGap => new("a command did not arrive in order", "コマンドの順序が乱れました"),
        IssueReason.WritingModuleRefused => new("this terminal's module refused a command", "この端末のセキュアモジュールがコマンドを拒否しました"),
        IssueReason.WritingTooLong => new("the card's answers are too long for one report", "カードの応答が長すぎます"),
    };

    private static Text Told(string english, string japanese, IssueReason reason)
    {
        var why = Why(reason);
        return new Text($"{english}: {why.English}", $"{japanese}: {why.Japanese}");
    }
}

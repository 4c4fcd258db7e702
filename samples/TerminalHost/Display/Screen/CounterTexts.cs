using CardIssue.Core.Keys;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Terminal;

namespace CardIssue.TerminalHost.Display.Screen;

/// <summary>The screen's own words: what to do now, how things stand, what is asked for.</summary>
internal static class CounterTexts
{
    public static readonly Text
        Title = new("Card issuing", "カード発行"),
        Line = new("Line", "回線"),
        Reader = new("Reader", "リーダー"),
        Card = new("Card", "カード"),
        Exchanges = new("What happened", "処理の記録"),
        Receipt = new("Receipt", "控え"),

        AskOperator = new("Your name", "担当者名"),
        AskPassword = new("Password", "パスワード"),
        AskOrder = new("Order number", "受付番号"),
        AskCode = new("Issue code", "発行コード"),

        LogIn = new("Log in", "担当者を確認します"),
        LogInMore = new("Type your name, then your password.", "担当者名とパスワードを入力してください。"),
        Checking = new("Please wait", "お待ちください"),
        WrongPassword = new("Name or password is wrong", "担当者名またはパスワードが違います"),
        TooManyTries = new("Too many wrong passwords: wait 1 minute, then try again", "パスワードの誤りが続きました。1 分待ってからもう一度入力してください"),
        EnterOrder = new("Enter the order number", "受付番号を入力してください"),
        EnterCode = new("Enter the customer's issue code", "お客様の発行コードを入力してください"),

        Wait = new("Please wait", "お待ちください"),
        WaitLine = new("Please wait: there is no line to the center", "お待ちください。センターに接続しています"),
        WaitLineCard = new("Please wait: the line is being connected again", "お待ちください。回線を接続し直しています"),
        LeaveCard = new("Leave the card in.", "カードはそのままにしてください。"),
        WaitCard = new("Please wait: do not take the card out", "お待ちください。カードを取り出さないでください"),
        InsertCard = new("Insert a new card", "新しいカードを入れてください"),
        InsertSameCard = new("Insert the card that was begun for this order", "この受付で使い始めたカードを入れてください"),
        AnotherCard = new("Take this card out and insert another", "このカードを取り出し、別のカードを入れてください"),
        TurnCard = new("Turn the card round, or insert another", "カードの向きを直すか、別のカードを入れてください"),
        TurnCardMore = new("It does not answer, and may be in the wrong way round.", "カードが応答しません。裏表や向きが逆かもしれません。"),
        TakeCardOut = new("Take the card out", "カードを取り出してください"),
        Issued = new("The card is issued.", "カードを発行しました。"),
        NextCustomer = new("Next customer: enter the order number", "次のお客様: 受付番号を入力してください"),
        NotIssued = new("Not issued", "発行できませんでした"),
        Call = new("No cards can be issued now: call the center", "今は発行できません。センターに電話してください"),
        ReaderGone = new("The card reader does not answer: see that it is connected", "リーダーが応答しません。接続を確認してください"),
        ReaderNotKnown = new("This card reader is not known: call the center", "このリーダーは登録されていません。センターに電話してください"),

        AskEnd = new("End work?", "終了しますか"),
        AskEndMore = new("Ctrl-C again ends. Any other key goes on.", "もう一度 Ctrl-C で終了します。ほかのキーで続けます。"),
        AskCancel = new("Cancel this customer's card?", "このお客様の発行を取り消しますか"),
        AskCancelMore = new("Ctrl-C again cancels. Any other key goes on.", "もう一度 Ctrl-C で取り消します。ほかのキーで続けます。"),
        Cancelling = new("Please wait: the card is being cancelled", "お待ちください。取り消しています"),

        Printing = new("printing the receipt again", "控えを再印刷しています"),
        PrintedAgain = new("the receipt was printed again", "控えを再印刷しました"),
        NothingToPrint = new("there is no receipt to print again; the center prints older ones", "再印刷できる控えはありません。以前の控えはセンターで印刷できます"),
        NoPrinter = new("there is no printer; the receipt is on the screen", "プリンターがありません。控えは画面に表示しています"),
        NotPrinted = new("The receipt was not printed: ", "控えを印刷できませんでした: "),
        PrintAgainHow = new(" F2 prints it.", " F2 で印刷します。"),
        LoggedIn = new("at the counter: ", "担当: "),
        LoggedOff = new("logged off", "ログオフしました"),
        LoggedOffIdle = new("logged off, for nothing was typed for long", "しばらく操作がなかったため、ログオフしました"),
        StartedAnew = new("something failed at this terminal, which begins anew; the order is with the center", "この端末で障害が起きたため、やり直します。受付はセンターにあります"),
        NotText = new($"An order number has 1 to {ProtocolLimits.MaxReference} characters", $"受付番号は1～{ProtocolLimits.MaxReference}文字です"),
        NotCode = new($"An issue code has 1 to {IssueCodeEnvelope.MaxCode} characters", $"発行コードは1～{IssueCodeEnvelope.MaxCode}文字です"),

        HintPrint = new("F2 print receipt again", "F2 控えの再印刷"),
        HintLogOff = new("F3 log off", "F3 ログオフ"),
        HintEnd = new("Ctrl-C end", "Ctrl-C 終了"),
        HintCancel = new("Ctrl-C cancel this card", "Ctrl-C この発行の取り消し"),
        HintClear = new("Esc clear", "Esc 消去"),
        HintBack = new("Esc back", "Esc 戻る"),

        None = new("-", "－"),
        LineReady = new("connected", "接続済み"),
        LineConnecting = new("connecting", "接続待ち"),
        LineRefused = new("refused", "拒否"),
        ReaderReady = new("ready", "使用できます"),
        ReaderLost = new("does not answer", "応答なし"),
        ReaderUnknown = new("not known", "未登録"),
        CardNone = new("none", "なし"),
        CardIn = new("in the reader", "リーダーの中"),
        CardBusy = new("in work", "処理中");

    /// <summary>Whose code is asked for, and that it is shown as stars.</summary>
    public static Text EnterCodeMore(string reference) =>
        new($"For {reference}. What you type is shown as stars.", $"{reference} の発行コードです。入力した文字は * で表示されます。");

    /// <summary>Which record is being written.</summary>
    public static Text Record(int record, int records) => record > records
        ? new("All records are written", "すべての記録を書き込みました")
        : new($"Record {record} of {records}", $"記録 {record} / {records}");

    /// <summary>Whether a step works on the card that is in.</summary>
    public static bool IsOnCard(IssueNotice notice) => notice is IssueNotice.CardIn or IssueNotice.AccessingCard or IssueNotice.NumberingCard or IssueNotice.LookingAtCard
        or IssueNotice.WritingRecord or IssueNotice.Reporting or IssueNotice.ClosingCard or IssueNotice.Issued or IssueNotice.Resuming;
}

using CardIssue.TerminalHost.Display;

namespace CardIssue.TerminalHost.Printing;

/// <summary>Why a receipt is not on paper.</summary>
internal enum PrinterFault
{
    /// <summary>It can't be reached, or went away.</summary>
    Gone,
    /// <summary>It has no paper.</summary>
    NoPaper,
    /// <summary>Its cover is open.</summary>
    CoverOpen,
    /// <summary>It is off-line for another reason: a jam, the cutter, heat.</summary>
    Offline,
    /// <summary>It takes nothing any more, and does not say why.</summary>
    Slow,
    /// <summary>The receipts' file could not be written.</summary>
    File,
}

/// <summary>A receipt could not be printed.</summary>
/// <param name="fault">Why.</param>
/// <param name="detail">What the system said, or nothing.</param>
internal sealed class PrinterException(PrinterFault fault, string detail = "", Exception? inner = null)
    : IOException(detail.Length == 0 ? TextOf(fault).English : $"{TextOf(fault).English} ({detail})", inner)
{
    /// <summary>Why.</summary>
    public PrinterFault Fault => fault;

    /// <summary>A fault, and what to do.</summary>
    public static Text TextOf(PrinterFault fault) => fault switch
    {
        PrinterFault.Gone => new("the printer can't be reached; see that it is on and connected", "プリンターにつながりません。電源と接続を確認してください"),
        PrinterFault.NoPaper => new("the printer has no paper; put a roll in", "プリンターの用紙がありません。用紙を入れてください"),
        PrinterFault.CoverOpen => new("the printer's cover is open; close it", "プリンターのカバーが開いています。閉めてください"),
        PrinterFault.Offline => new("the printer reports an error; see its lamp", "プリンターがエラーを知らせています。ランプを確認してください"),
        PrinterFault.Slow => new("the printer does not go on; see that it is on and has paper", "プリンターが止まっています。電源と用紙を確認してください"),
        PrinterFault.File => new("the receipts' file can't be written", "控えのファイルに書き込めません"),
    };
}

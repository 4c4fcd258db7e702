using System.Text;
using CardIssue.TerminalHost.Display;

namespace CardIssue.TerminalHost.Printing;

/// <summary>
/// A receipt as the bytes of an ESC/POS printer: few commands, which all that call themselves so have. Names are those of Epson's
/// <i>ESC/POS Command Reference for TM Printers</i>. Text is laid out here, in columns of font A.
/// </summary>
/// <param name="Columns">Columns on the paper: 32 (58 mm), 42 or 48 (80 mm).</param>
/// <param name="Characters">What the printer's font has.</param>
/// <param name="Cuts">Whether it cuts the paper.</param>
internal sealed record EscPos(int Columns, PrinterCharacters Characters, bool Cuts)
{
    private const byte Dle = 0x10, Eot = 0x04, Esc = 0x1B, Fs = 0x1C, Gs = 0x1D, LineFeed = 0x0A;

    /// <summary>ESC t: page 16 is WPC1252.</summary>
    private const byte Windows1252 = 16;

    private readonly Encoding _encoding = EncodingOf(Characters);

    /// <summary>DLE EOT 2, transmit real-time status: why it is off-line. Answered at once, also by a printer that is held up.</summary>
    public static ReadOnlySpan<byte> AskOfflineCause => [Dle, Eot, 2];

    /// <summary>DLE EOT 4, transmit real-time status: the roll paper sensor.</summary>
    public static ReadOnlySpan<byte> AskPaper => [Dle, Eot, 4];

    /// <summary>GS r 1, transmit status: the paper sensor, but in its turn. So the answer says that all before it is printed.</summary>
    public static ReadOnlySpan<byte> AskInTurn => [Gs, (byte)'r', 1];

    /// <summary>A receipt: heading, words, a line below, and the cut.</summary>
    /// <param name="heading">In double size.</param>
    /// <param name="words">Lines of text.</param>
    /// <param name="foot">What stands below in bold; empty for nothing.</param>
    public byte[] Receipt(string heading, string words, string foot)
    {
        using var bytes = new MemoryStream();
        Put(bytes, Esc, (byte)'@');                                     // ESC @: initialize printer
        if (Characters is PrinterCharacters.Japanese)
        {
            Put(bytes, Fs, (byte)'&');                                  // FS &: select Kanji character mode
            Put(bytes, Fs, (byte)'C', 1);                               // FS C 1: select Kanji code system, Shift JIS
        }
        else
        {
            Put(bytes, Fs, (byte)'.');                                  // FS .: cancel Kanji character mode
            Put(bytes, Esc, (byte)'R', 0);                              // ESC R 0: international character set, USA
            Put(bytes, Esc, (byte)'t', Windows1252);                    // ESC t 16: character code table WPC1252
        }
        Put(bytes, Esc, (byte)'a', 1);                                  // ESC a 1: justification, centered
        Put(bytes, Gs, (byte)'!', 0x11);                                // GS ! 11: character size, twice as wide and high
        PutLines(bytes, heading, Columns / 2);
        Put(bytes, Gs, (byte)'!', 0);                                   // GS ! 00: character size, normal
        Put(bytes, Esc, (byte)'a', 0);                                  // ESC a 0: justification, left
        PutLines(bytes, words, Columns);
        if (foot.Length > 0)
        {
            Put(bytes, Esc, (byte)'E', 1);                              // ESC E 1: emphasized mode on
            PutLines(bytes, foot, Columns);
            Put(bytes, Esc, (byte)'E', 0);                              // ESC E 0: emphasized mode off
        }
        if (Cuts) Put(bytes, Gs, (byte)'V', 66, 0);                     // GS V 66 0: feed paper to the cutter and cut it partially
        else Put(bytes, Esc, (byte)'d', 4);                             // ESC d 4: print and feed 4 lines, to the tear bar
        return bytes.ToArray();
    }

    private static Encoding EncodingOf(PrinterCharacters characters)
    {
        var missing = new EncoderReplacementFallback("?");
        return CodePagesEncodingProvider.Instance.GetEncoding(characters switch
        {
            PrinterCharacters.Latin => 1252,
            PrinterCharacters.Japanese => 932,
        }, missing, DecoderFallback.ReplacementFallback)!;
    }

    /// <summary>Whatever text it is, no byte of it is a command: nothing below a space is let through.</summary>
    private void PutLines(MemoryStream bytes, string text, int columns)
    {
        foreach (var line in ReceiptLines.Of(text, columns))
        {
            foreach (var b in _encoding.GetBytes(line)) bytes.WriteByte(b < 0x20 || b == 0x7F ? (byte)'?' : b);
            bytes.WriteByte(LineFeed);                                  // LF: print and line feed
        }
    }

    private static void Put(MemoryStream bytes, params ReadOnlySpan<byte> command) => bytes.Write(command);
}

/// <summary>What a printer's font has.</summary>
internal enum PrinterCharacters
{
    /// <summary>Western European ones: code page 1252.</summary>
    Latin,
    /// <summary>Japanese ones: Shift_JIS in Kanji mode, as printers for Japan have it.</summary>
    Japanese,
}

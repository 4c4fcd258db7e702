using System.Globalization;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.SecureChannel;

namespace CardIssue.Core.Cards.Products.Preview;

/// <summary>A command, with what must not be seen hidden.</summary>
/// <param name="Name">What the standards call it.</param>
/// <param name="Header">CLA, INS, P1 and P2, eight hexadecimal digits.</param>
/// <param name="Data">Its data, two hexadecimal digits a byte, <c>*</c> for each that is hidden.</param>
/// <param name="Le">How many bytes are expected, 1 to 256; null for none.</param>
public sealed record CommandPreview(string Name, string Header, string Data, int? Le)
{
    /// <summary>Stands for a digit that is hidden.</summary>
    public const char Hidden = '*';

    private const int ShortestRun = 4;

    /// <summary>Length of the data in bytes.</summary>
    public int Length => Data.Length / 2;

    /// <summary>The data, with runs of four and more bytes that are hidden as <c>**(n)</c>, n how many.</summary>
    public string ShortData
    {
        get
        {
            var text = new System.Text.StringBuilder();
            for (var at = 0; at < Data.Length;)
            {
                var run = at % 2 == 0 ? Data.AsSpan(at).IndexOfAnyExcept(Hidden) : 0;
                var bytes = (run < 0 ? Data.Length - at : run) / 2;
                if (bytes < ShortestRun) text.Append(Data[at++]);
                else
                {
                    text.Append(CultureInfo.InvariantCulture, $"**({bytes})");
                    at += 2 * bytes;
                }
            }
            return text.ToString();
        }
    }

    /// <summary>Header, length and data, and Le where there is one.</summary>
    public override string ToString() =>
        $"{Header}{(Length > 0 ? $" {Length:X2} {ShortData}" : "")}{(Le is { } le ? $" Le {le & 0xFF:X2}" : "")}";

    /// <summary>What is the same in both is shown.</summary>
    /// <exception cref="InvalidOperationException">They are not the same command: what is hidden must not change its length.</exception>
    internal static CommandPreview Of(CommandApdu one, CommandApdu other)
    {
        var (header, data) = (HeaderOf(one), one.Data.ToString());
        var second = other.Data.ToString();
        if (header != HeaderOf(other) || data.Length != second.Length || one.Le != other.Le)
            throw new InvalidOperationException($"{one} and {other} are not one command.");
        return new CommandPreview(NameOf(one), header, string.Concat(data.Zip(second, (a, b) => a == b ? a : Hidden)), one.Le);
    }

    private static string HeaderOf(CommandApdu command) => $"{command.Cla:X2}{command.Ins:X2}{command.P1:X2}{command.P2:X2}";

    private static string NameOf(CommandApdu command) => CommandSegments.IsSegment(command.Ins, command.P1)
        ? $"{NameOf(command.Ins, (byte)(command.P1 & ~CommandSegments.MoreFollow))}, more follows" : NameOf(command.Ins, command.P1);

    private static string NameOf(byte ins, byte p1) => (ins, p1) switch
    {
        (Instructions.Select, _) => "SELECT",
        (Instructions.GetData, _) => "GET DATA",
        (Instructions.InitializeUpdate, _) => "INITIALIZE UPDATE",
        (Instructions.ExternalAuthenticate, _) => "EXTERNAL AUTHENTICATE",
        (Instructions.StoreData, _) => "STORE DATA",
        (Instructions.Install, 0x02) => "INSTALL [for load]",
        (Instructions.Install, 0x04 or 0x08 or 0x0C) => "INSTALL [for install]",
        (Instructions.Install, 0x10) => "INSTALL [for extradition]",
        (Instructions.Install, 0x20) => "INSTALL [for personalization]",
        (Instructions.Install, 0x40) => "INSTALL [for registry update]",
        (Instructions.Install, _) => "INSTALL",
        (Instructions.Load, _) => "LOAD",
        (Instructions.Delete, _) => "DELETE",
        (Instructions.PutKey, _) => "PUT KEY",
        (Instructions.SetStatus, _) => "SET STATUS",
        (Instructions.GetStatus, _) => "GET STATUS",
        (ReadRecord, _) => "READ RECORD",
        _ => "command",
    };

    private const byte ReadRecord = 0xB2;
}

// guide: namespaces of a program
using System.Globalization;
using CardIssue.Core.Primitives;
using CardIssue.Reader.Tcp;
using CardIssue.Terminal.Relay;

// end
namespace CardIssue.Integrating;

// guide: program
/// <summary>One card for an order whose code stands in a file, written by the simulated reader.</summary>
public static class PosProgram
{
    public static async Task<int> Main(string[] args)
    {
        if (args is not [var module, var passphraseFile, var order, var codeFile, var centerPort, var readerPort])
        {
            await Console.Error.WriteLineAsync("MODULE PASSPHRASE_FILE ORDER CODE_FILE CENTER_PORT READER_PORT");
            return 2;
        }
        using var passphrase = Line(passphraseFile);
        using var code = Line(codeFile);
        var identity = new ReaderIdentity("virtual", "my reader", Serial: "READER-1");      // as the center knows it
        await using var reader = new TcpCardReader("127.0.0.1", Port(readerPort), identity);
        await using var pos = new PosTerminal(module, passphrase, "127.0.0.1", Port(centerPort), reader);
        pos.Relay.StatusChanged += (_, status) => Console.WriteLine($"{status.State} {status.Error}");
        var outcome = await pos.Relay.IssueAsync(new IssueRequest(order, code, new OperatorId("olga")));
        Console.WriteLine(outcome.IsIssued ? outcome.Receipt : $"{(int)outcome.Reason} {outcome.Reason}");
        return outcome.IsIssued ? 0 : 1;
    }

    private static int Port(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static SecretBytes Line(string file) =>
        SecretBytes.Take(File.ReadAllBytes(file).AsSpan().TrimEnd("\r\n"u8));
}
// end

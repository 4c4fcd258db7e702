using CardIssue.Core.Cards;
using CardIssue.Reader.PcSc.Binding;

namespace CardIssue.Reader.PcSc;

/// <summary>The readers that the system's smart card service knows.</summary>
public static class PcscReaders
{
    /// <summary>Their names; none when no reader is plugged in. A name changes with the port and proves nothing.</summary>
    /// <param name="options">Null for the defaults; <see cref="PcscReaderOptions.DeadReader"/> is how long the service may take.</param>
    /// <param name="time">Measures that.</param>
    /// <exception cref="CardException"><see cref="CardFault.ServiceGone"/>: the service does not run or does not answer.</exception>
    public static IReadOnlyList<string> List(PcscReaderOptions? options = null, TimeProvider? time = null) =>
        List(PcscApi.System, options ?? new PcscReaderOptions(), time ?? TimeProvider.System);

    internal static IReadOnlyList<string> List(IPcscApi api, PcscReaderOptions options, TimeProvider time)
    {
        options.Validate();
        var thread = new CallThread("PC/SC readers", static () => { });
        var listing = thread.Start(() => Ask(api));
        thread.End();
        try
        {
            var (code, readers) = listing.WaitAsync(options.DeadReader, time).GetAwaiter().GetResult();
            return code is PcscCode.Success or PcscCode.NoReaders or PcscCode.ReaderUnavailable
                ? readers
                : throw PcscFaults.Exception(CardFault.ServiceGone, "any port", PcscFaults.Text(code));
        }
        catch (TimeoutException e)
        {
            throw new CardException(CardFault.ServiceGone, $"The system's smart card service did not answer within {options.DeadReader}; restart it.", e);
        }
    }

    private static (PcscCode Code, IReadOnlyList<string> Readers) Ask(IPcscApi api)
    {
        var code = api.EstablishContext(out var context);
        if (code != PcscCode.Success) return (code, []);
        code = api.ListReaders(context, out var readers);
        api.ReleaseContext(context);
        return (code, readers);
    }
}

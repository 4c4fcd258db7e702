using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Relay;
using CardIssue.TerminalHost;
using CardIssue.TerminalHost.Cli;
using CardIssue.TerminalHost.Counter;
using CardIssue.TerminalHost.Display;

namespace CardIssue.NativeTerminal;

/// <summary>The functions of cardissue.h, which says what they do.</summary>
internal static unsafe class EntryPoints
{
    private const int Abi = 1;

    /// <summary>How long the line may take when the keys are renewed; for a card it is tried until the program cancels.</summary>
    private static readonly TimeSpan LinePatience = TimeSpan.FromSeconds(30);

    /// <summary>Whether this thread is in a program's progress function.</summary>
    [ThreadStatic]
    private static bool _inside;

    [UnmanagedCallersOnly(EntryPoint = "cardissue_abi", CallConvs = [typeof(CallConvCdecl)])]
    public static int GetAbi() => Abi;

    [UnmanagedCallersOnly(EntryPoint = "cardissue_create", CallConvs = [typeof(CallConvCdecl)])]
    public static int Create(NativeOptions* options, long* terminal) => NativeWall.Guard(() =>
    {
        Known(options is null ? 0 : options->Size, sizeof(NativeOptions));
        if (terminal is null) throw new CommandException(ExitCode.Usage, "terminal is missing.");
        *terminal = 0;
        SodiumArgon2.Use();
        using var passphrase = NativeText.ReadSecret(options->Passphrase, "passphrase");
        *terminal = NativeTerminals.Add(NativeTerminal.Open(Place(options), passphrase));
    });

    [UnmanagedCallersOnly(EntryPoint = "cardissue_state_of", CallConvs = [typeof(CallConvCdecl)])]
    public static int StateOf(long terminal, NativeState* state) => NativeWall.Guard(() =>
    {
        var status = NativeTerminals.Find(terminal).Status;
        Known(state is null ? 0 : state->Size, sizeof(NativeState));
        (state->Code, state->Reason, state->Since) = ((int)status.State, (int)status.Reason, status.Since.ToUnixTimeMilliseconds());
        NativeText.Write(status.Error, state->Error, TextLength.Text);
    });

    [UnmanagedCallersOnly(EntryPoint = "cardissue_issue", CallConvs = [typeof(CallConvCdecl)])]
    public static int Issue(
        long terminal, NativeRequest* request, delegate* unmanaged[Cdecl]<NativeProgress*, void*, void> progress, void* context, NativeOutcome* outcome) =>
        NativeWall.Guard(() =>
        {
            NotInside();
            var found = NativeTerminals.Find(terminal);
            Known(request is null ? 0 : request->Size, sizeof(NativeRequest));
            Known(outcome is null ? 0 : outcome->Size, sizeof(NativeOutcome));
            using var code = NativeText.ReadSecret(request->Code, "code");
            var asked = Asked(request, code);
            if (found.LogsIn)
            {
                using var password = NativeText.ReadSecret(request->OperatorPassword, "operator_password");
                found.LogIn(asked.Operator, password);
            }
            var ended = found.IssueCard(asked, step => Tell(step, progress, context));
            Write(ended, outcome);
        });

    [UnmanagedCallersOnly(EntryPoint = "cardissue_cancel", CallConvs = [typeof(CallConvCdecl)])]
    public static int Cancel(long terminal) => NativeWall.Guard(() => NativeTerminals.Find(terminal).Cancel());

    [UnmanagedCallersOnly(EntryPoint = "cardissue_destroy", CallConvs = [typeof(CallConvCdecl)])]
    public static int Destroy(long terminal) => NativeWall.Guard(() =>
    {
        NotInside();
        NativeTerminals.Take(terminal).Destroy();
    });

    [UnmanagedCallersOnly(EntryPoint = "cardissue_error_text", CallConvs = [typeof(CallConvCdecl)])]
    public static int ErrorText(byte* text, int size) => NativeText.Write(NativeWall.LastError, text, text is null ? 0 : size);

    private static void Known(uint size, int known)
    {
        if (size != known) throw new NativeFaultException(NativeError.Size, $"A structure is missing, or its size is {size}; it is {known} here.");
    }

    private static void NotInside()
    {
        if (_inside) throw new NativeFaultException(NativeError.Inside, "This can't be called from within progress.");
    }

    private static NativePlace Place(NativeOptions* options)
    {
        var (reader, sam) = (NativeText.Read(options->Reader, "reader"), NativeText.Find(options->Sam, "sam"));
        if (sam == reader) throw new CommandException(ExitCode.Usage, "The SAM is in a slot of its own, not in the one for the customers' cards.");
        var results = NativeText.Find(options->ResultsConnect, "results_connect");
        if (options->Line < 0) throw new CommandException(ExitCode.Usage, "line is a number from 1, or 0 for none.");
        var line = new LineAddress(
            WayAddress.ParseAll("connect", NativeText.Read(options->Connect, "connect")),
            results is null ? [] : WayAddress.ParseAll("results_connect", results),
            options->Line == 0 ? null : new LineNumber(options->Line), LinePatience, LinePatience);
        return new NativePlace(
            new TerminalFolder(Path.GetFullPath(NativeText.Read(options->Folder, "folder"))), line,
            ReaderAddress.Parse("reader", reader), sam is null ? null : ReaderAddress.Parse("sam", sam));
    }

    private static IssueRequest Asked(NativeRequest* request, SecretBytes code)
    {
        var (reference, who) = (NativeText.Read(request->Reference, "reference"), NativeText.Read(request->Operator, "operator_name"));
        if (RequestText.Fault(reference) is { } fault) throw new CommandException(ExitCode.Usage, fault);
        if (IssueRequest.CodeFault(code) is { } codeFault) throw new CommandException(ExitCode.Usage, codeFault);
        if (!PersonNameRule.Accepts(who)) throw new CommandException(ExitCode.Usage, $"operator_name is a name of 1 to {PersonNameRule.MaxBytes} bytes.");
        return new IssueRequest(reference, code, new OperatorId(who));
    }

    private static void Tell(IssueProgress step, delegate* unmanaged[Cdecl]<NativeProgress*, void*, void> progress, void* context)
    {
        if (progress is null) return;
        NativeProgress told = default;
        (told.Size, told.Reason, told.At) = ((uint)sizeof(NativeProgress), (int)step.Reason, step.At.ToUnixTimeMilliseconds());
        (told.Record, told.Records, told.Attempt, told.CardStatus) = (step.Record, step.Records, step.Attempt, step.CardStatus ?? -1);
        NativeText.Write(step.Step, told.Step, TextLength.Step);
        NativeText.Write(step.Notice.ToString(), told.Notice, TextLength.Notice);
        NativeText.Write(step.Order?.Value, told.Order, TextLength.Name);
        NativeText.Write(step.MaskedNumber, told.MaskedNumber, TextLength.Name);
        NativeText.Write(Wording.Of(step).English, told.Text, TextLength.Text);
        _inside = true;
        try
        {
            progress(&told, context);
        }
        finally
        {
            _inside = false;
        }
    }

    private static void Write(IssueOutcome ended, NativeOutcome* outcome)
    {
        (outcome->Ending, outcome->Reason, outcome->At) = ((int)ended.Ending, (int)ended.Reason, ended.At.ToUnixTimeMilliseconds());
        (outcome->Record, outcome->Records, outcome->Attempt, outcome->CardStatus) = (ended.Record, ended.Records, ended.Attempt, ended.CardStatus ?? -1);
        NativeText.Write(ended.Order?.Value, outcome->Order, TextLength.Name);
        NativeText.Write(ended.Card?.ToString(), outcome->Card, TextLength.Name);
        NativeText.Write(ended.MaskedNumber, outcome->MaskedNumber, TextLength.Name);
        NativeText.Write(Wording.Of(ended).English, outcome->Text, TextLength.Text);
        NativeText.Write(ended.Receipt, outcome->Receipt, TextLength.Receipt);
    }
}

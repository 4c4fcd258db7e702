using System.CommandLine;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Modules;
using CardIssue.TerminalHost.Answers;
using CardIssue.Transport.Tls;

namespace CardIssue.TerminalHost.Cli;

/// <summary><c>module init</c>, <c>show</c>, <c>import</c>, <c>passphrase</c>: the terminal's keys, which never leave their sealed file.</summary>
internal static class ModuleCommands
{
    public static Command Make(HostSettings settings, TextWriter output) =>
        new("module", "The terminal's secure module, in software: makes it, shows it, renews the center that it trusts.")
        {
            Init(settings, output), Show(settings, output), Import(settings, output), Passphrase(settings, output), RotateCommand.Make(settings, output),
        };

    private static Command Init(HostSettings settings, TextWriter output)
    {
        var id = new Option<string>("--id") { Description = "The terminal's name: 1 to 64 of A-Z a-z 0-9 . _ -", Required = true };
        id.Validators.Add(result =>
        {
            if (!NameRule.Accepts(result.GetValueOrDefault<string>())) result.AddError("--id is 1 to 64 of A-Z a-z 0-9 . _ -");
        });
        var (common, center) = (new CommonOptions(settings), CenterOption());
        var command = new Command("init", "Makes the module with fresh keys, and terminal.json for the center's operator. An existing module is never overwritten.") { id, center };
        common.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var folder = common.Folder(parsed);
            if (File.Exists(folder.Module) || Directory.Exists(folder.Module))
                throw new CommandException(ExitCode.File, $"{folder.Module} exists already and was left as it is. To trust a renewed center use `module import`; for a new module name another --data folder.");
            var trusted = TerminalFolder.ReadCenter(parsed.GetValue(center) ?? folder.Center);
            using var input = new SecretInput();
            using var passphrase = common.NewPassphrase(parsed, input, cancellation);
            Directory.CreateDirectory(folder.Path);
            using var module = Create(folder, passphrase, new TerminalId(parsed.GetRequiredValue(id)), trusted);
            Print(output, common.IsJson(parsed), folder, module);
            if (!common.IsJson(parsed))
                output.WriteLine($"Next, at the center: centerhost terminal add --file {folder.Terminal} --line N --address CIDR");
            return Task.FromResult((int)ExitCode.Ok);
        });
        return command;
    }

    private static Command Show(HostSettings settings, TextWriter output)
    {
        var common = new CommonOptions(settings);
        var command = new Command("show", "Opens the module and shows what is public of it; writes terminal.json anew when it is missing.");
        common.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var folder = common.Folder(parsed);
            using var module = Open(folder, common, parsed, cancellation);
            if (!File.Exists(folder.Terminal)) WholeFile.Replace(folder.Terminal, module.Identity.Write());
            Print(output, common.IsJson(parsed), folder, module);
            return Task.FromResult((int)ExitCode.Ok);
        });
        return command;
    }

    private static Command Import(HostSettings settings, TextWriter output)
    {
        var (common, center) = (new CommonOptions(settings), CenterOption());
        var replace = new Option<bool>("--replace") { Description = "Trust it though its name or its keys are others than before." };
        var command = new Command("import", "Takes over a renewed center.json, as after the center changed its TLS certificate.") { center, replace };
        common.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var folder = common.Folder(parsed);
            var trusted = TerminalFolder.ReadCenter(parsed.GetValue(center) ?? folder.Center);
            using var module = Open(folder, common, parsed, cancellation);
            if (module.Center is { } before && IsOther(before, trusted) && !parsed.GetValue(replace))
                throw new CommandException(ExitCode.Refused,
                    $"This is not a renewal: the module trusts {Describe(before)}, the file names {Describe(trusted)}. Nothing was changed. If the center was really replaced, say --replace.");
            module.TrustCenter(trusted);
            WholeFile.Replace(folder.Center, trusted.Write());
            Print(output, common.IsJson(parsed), folder, module);
            return Task.FromResult((int)ExitCode.Ok);
        });
        return command;
    }

    private static Command Passphrase(HostSettings settings, TextWriter output)
    {
        var common = new CommonOptions(settings);
        var fresh = new Option<string?>("--new-passphrase-file")
        {
            Description = "File with the new passphrase; - for a line of standard input. Without it the passphrase is asked for, twice.",
        };
        var command = new Command("passphrase",
            "Seals the module under a new passphrase; the old one opens it no longer, but copies of before. Start what runs with it anew afterwards.") { fresh };
        common.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var folder = common.Folder(parsed);
            using var input = new SecretInput();
            using var module = Open(folder, common, parsed, input, cancellation);
            using var passphrase = input.ReadNew("module's new passphrase", parsed.GetValue(fresh), $"{fresh.Name} FILE, or {fresh.Name} - for standard input", cancellation);
            module.Rewrap(passphrase);
            Print(output, common.IsJson(parsed), folder, module);
            return Task.FromResult((int)ExitCode.Ok);
        });
        return command;
    }

    /// <summary>Opens the module of a folder.</summary>
    /// <exception cref="CommandException">There is none.</exception>
    public static SoftwareModuleFile Open(TerminalFolder folder, CommonOptions common, ParseResult parsed, CancellationToken cancellation)
    {
        using var input = new SecretInput();
        return Open(folder, common, parsed, input, cancellation);
    }

    /// <summary>Opens the module of a folder.</summary>
    /// <exception cref="CommandException">There is none.</exception>
    public static SoftwareModuleFile Open(TerminalFolder folder, CommonOptions common, ParseResult parsed, SecretInput input, CancellationToken cancellation)
    {
        if (!InputFile.IsThere(folder.Module))
            throw new CommandException(ExitCode.File, $"{folder.Module} does not exist; make the module with `terminalhost enroll` or `terminalhost module init` first, or name its folder with --data DIR.");
        using var passphrase = common.Passphrase(parsed, input, cancellation);
        return SoftwareModuleFile.Open(folder.Module, passphrase);
    }

    private static Option<string?> CenterOption() => new("--center") { Description = "The center's public identity; center.json of the folder when it is not named." };

    /// <summary>A module that is not whole would only be in the way of the next try.</summary>
    private static SoftwareModuleFile Create(TerminalFolder folder, SecretBytes passphrase, TerminalId terminal, CenterIdentity center)
    {
        var module = SoftwareModuleFile.Create(folder.Module, passphrase, terminal);
        try
        {
            using var pfx = TerminalCertificate.Create(terminal, out var sha256);
            module.UseTlsClient(pfx.Span, sha256);
            module.TrustCenter(center);
            WholeFile.Replace(folder.Center, center.Write());
            WholeFile.Replace(folder.Terminal, module.Identity.Write());
            return module;
        }
        catch
        {
            module.Dispose();
            File.Delete(folder.Module);
            throw;
        }
    }

    private static bool IsOther(CenterIdentity before, CenterIdentity now) =>
        before.Id != now.Id || before.SigningKey.ToString() != now.SigningKey.ToString() || before.AgreementKey.ToString() != now.AgreementKey.ToString();

    private static string Describe(CenterIdentity center) => $"center {center.Id} with signing key {center.SigningKey.ToString()[..16]}…";

    public static void Print(TextWriter output, bool json, TerminalFolder folder, SoftwareModuleFile module)
    {
        using var certificate = module.TlsClient.IsEmpty ? null : TlsCertificates.FromPfx(module.TlsClient, []);
        if (json) output.WriteLine(JsonSerializer.Serialize(
            new ModuleAnswer(
                true, module.Identity.Id.Value, module.Identity.KeyVersion, module.Identity.TlsCertificate.ToString(),
                certificate?.NotAfter.ToUniversalTime(), module.Center?.Id.Value, module.Center?.TlsCertificate.ToString(),
                module.Center is null ? null : module.CenterKeysNumber, folder.Module, folder.Terminal,
                [.. module.Notes.Select(note => new NoteAnswer(note.Generation, note.Chain, note.Sequence))]),
            AnswerJson.Default.ModuleAnswer));
        else PrintText(output, folder, module, certificate);
    }

    private static void PrintText(TextWriter output, TerminalFolder folder, SoftwareModuleFile module, X509Certificate2? certificate)
    {
        output.WriteLine($"terminal         {module.Identity.Id}, key version {module.Identity.KeyVersion}");
        output.WriteLine($"module           {folder.Module}");
        output.WriteLine($"enrolment file   {folder.Terminal}");
        output.WriteLine($"TLS certificate  {module.Identity.TlsCertificate}{(certificate is null ? "" : $", valid until {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}")}");
        output.WriteLine($"trusted center   {(module.Center is { } center ? $"{center.Id}, TLS certificate {center.TlsCertificate}" : "none yet; `module import` takes one over")}");
        if (module.Center is not null) output.WriteLine($"center's keys    number {module.CenterKeysNumber}");
        foreach (var (note, i) in module.Notes.Select((note, i) => (note, i)))
            output.WriteLine($"{(i == 0 ? "center's note    " : "contradicts it   ")}generation {note.Generation}, entry {note.Sequence} of {note.Chain}");
    }
}
